"""``LeaseKeeper``: renews the leases of this process from a thread and connection of its own.

So a busy event loop never costs a lease. One transaction a beat renews all of them and reads
cancel requests back. The local clock only makes us stop *sooner*: when no beat has worked for a
whole lease time, the runs are given up before anybody else can have taken them.
"""

import threading
from collections.abc import Callable

import structlog

from dubbing_pipeline.errors import DubbingError
from dubbing_pipeline.jobs.leases import BeatResult, Tenure
from dubbing_pipeline.jobs.runs import RunStore
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.metrics import QueueMetrics
from dubbing_pipeline.utils.sqlite import driver

_log = structlog.get_logger(__name__)

BEATS_PER_LEASE = 4

OnBeat = Callable[[BeatResult], None]
"""Told of each beat, in the keeper's thread."""


class LeaseKeeper:
    """Beats for every tenure it holds.

    Args:
        store: Over a database connection of its own.
        ttl_s: Length of a lease.
        clock: For the time left at each renewal.
        on_beat: Told what each beat found.
        metrics: Where the least time left is shown.
    """

    def __init__(
        self,
        store: RunStore,
        *,
        ttl_s: float,
        clock: Clock,
        on_beat: OnBeat,
        metrics: QueueMetrics,
    ) -> None:
        self._store = store
        self._ttl_s = ttl_s
        self._clock = clock
        self._on_beat = on_beat
        self._metrics = metrics
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Tenure, float]] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, tenure: Tenure) -> None:
        """Keep a lease that was just taken."""
        with self._lock:
            self._held[tenure.job_id] = (tenure, self._clock.monotonic_s())

    def drop(self, job_id: str) -> None:
        """Let a lease go."""
        with self._lock:
            self._held.pop(job_id, None)

    def run_once(self) -> BeatResult:
        """Beat for all, once."""
        with self._lock:
            held = dict(self._held)
        if not held:
            return BeatResult(frozenset(), frozenset())
        start_s = self._clock.monotonic_s()
        self._metrics.lease_margin_s.set(
            min(since_s + self._ttl_s - start_s for _, since_s in held.values())
        )
        result = self._beat(held, start_s)
        for job_id in result.lost:
            self.drop(job_id)
        if result.lost or result.cancelled or held:
            self._on_beat(result)
        return result

    def _beat(self, held: dict[str, tuple[Tenure, float]], start_s: float) -> BeatResult:
        try:
            result = self._store.beat([tenure for tenure, _ in held.values()], self._ttl_s)
        except (DubbingError, driver().Error) as error:
            _log.warning("beat_failed", error=str(error))
            over = frozenset(
                job_id for job_id, (_, since_s) in held.items() if self._is_over(since_s)
            )
            return BeatResult(lost=over, cancelled=frozenset())
        with self._lock:
            for job_id in held.keys() & self._held.keys():
                self._held[job_id] = (held[job_id][0], start_s)
        return result

    def _is_over(self, since_s: float) -> bool:
        return self._clock.monotonic_s() - since_s >= self._ttl_s

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lease_keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it; twice is harmless."""
        self._ended.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._ttl_s / BEATS_PER_LEASE):
            try:
                self.run_once()
            except Exception:  # noqa: BLE001 - a loop is an edge: leases outlive a defect
                _log.exception("lease_keeper_failed")
