"""``Intake``: turns room into running jobs: permits from the backend, and looks of its own.

Beside permits there are three looks into the store that need no hint: a freed slot tries one
claim at once; a safety poll every five seconds bounds whatever was lost on the way; and the
interactive slot is filled each half second. While hints of queued jobs went to level 1, the poll
runs each half second in level 2 as well.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from dubbing_pipeline.errors import BackendUnavailable
from dubbing_pipeline.jobs.queue import JobQueue, Run
from dubbing_pipeline.jobs.runs import Claimed, RunStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.model.job import Job, JobState
from dubbing_pipeline.runtime.dispatch import JobDispatchBackend, Permit
from dubbing_pipeline.runtime.lease_keeper import LeaseKeeper
from dubbing_pipeline.runtime.scheduler import Scheduler, SlotKind
from dubbing_pipeline.runtime.selector import BackendSelector
from dubbing_pipeline.utils.metrics import QueueMetrics

_log = structlog.get_logger(__name__)

POLL_S = 0.5
SAFETY_POLL_S = 5.0
FULL_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class IntakeTimes:
    """Lease, visibility time-out and safety poll, in seconds."""

    ttl_s: float = 60.0
    visibility_s: float = 300.0
    safety_poll_s: float = SAFETY_POLL_S


@dataclass(frozen=True, slots=True)
class _Holding:
    """What a run holds beside its lease."""

    slot: SlotKind
    permit: Permit | None
    backend: JobDispatchBackend | None


class Intake:
    """Claims and starts jobs for one process."""

    def __init__(
        self,
        store: RunStore,
        upkeep: Upkeep,
        queue: JobQueue,
        *,
        owner: str,
        scheduler: Scheduler,
        selector: BackendSelector,
        keeper: LeaseKeeper,
        metrics: QueueMetrics,
        times: IntakeTimes,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._upkeep = upkeep
        self._queue = queue
        self._owner = owner
        self._scheduler = scheduler
        self._selector = selector
        self._keeper = keeper
        self._metrics = metrics
        self._times = times
        self._on_change = on_change
        self._holdings: dict[str, _Holding] = {}
        self._claiming = asyncio.Lock()
        self._next_poll_s = 0.0

    @property
    def permits(self) -> tuple[Permit, ...]:
        """Permits that running jobs hold: the keeper's beat extends them."""
        return tuple(held.permit for held in self._holdings.values() if held.permit is not None)

    async def run_once(self) -> int:
        """Ask the backend for as much as there is room for; gives how many jobs started."""
        room = self._scheduler.room()
        if room == 0:
            await self._scheduler.wait_for_room(FULL_WAIT_S)
            return 0
        backend = self._selector.target()
        try:
            permits = await backend.claim(self._owner, room, self._times.visibility_s)
        except BackendUnavailable as error:
            self._selector.note_failure(error)
            return 0
        return await self._use(backend, permits)

    async def _use(self, backend: JobDispatchBackend, permits: Sequence[Permit]) -> int:
        started = 0
        for permit in permits:
            async with self._claiming:
                if self._scheduler.room() == 0:
                    # A freed slot was filled while we waited: somebody else may have room.
                    await backend.nack(permit, 0.0)
                    continue
                if await self._claim(_Holding("ordinary", permit, backend)):
                    started += 1
                    continue
            await backend.ack(permit)
        return started

    async def poll_once(self) -> int:
        """Look without a hint, when it is time for the safety poll or level 1 left work behind."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._next_poll_s and not await asyncio.to_thread(self._upkeep.has_local_work):
            return 0
        if now_s >= self._next_poll_s:
            jitter = 1 + (random.random() - 0.5) / 2  # noqa: S311 - spreads load, hides nothing
            self._next_poll_s = now_s + self._times.safety_poll_s * jitter
        return await self.fill()

    async def fill(self) -> int:
        """Start ordinary jobs while there is room and the store has some."""
        started = 0
        while self._scheduler.room() > 0:
            async with self._claiming:
                if self._scheduler.room() == 0:
                    break
                if not await self._claim(_Holding("ordinary", None, None)):
                    break
            started += 1
        return started

    async def interactive_once(self) -> int:
        """Fill the interactive slot."""
        if self._scheduler.room("interactive") == 0:
            return 0
        return int(await self._claim(_Holding("interactive", None, None)))

    async def _claim(self, holding: _Holding) -> bool:
        only = "respeak" if holding.slot == "interactive" else None
        self._scheduler.take(holding.slot)
        claimed = None
        try:
            claimed = await asyncio.to_thread(self._claim_next, only)
        finally:
            if claimed is None:
                self._scheduler.give_back(holding.slot)
        if claimed is None:
            return False
        self._holdings[claimed.job.id] = holding
        self._metrics.claim_latency_s.observe(_waited_s(claimed.job))
        self._queue.start(claimed, self._ended)
        self._on_change()
        return True

    def _claim_next(self, only: str | None) -> Claimed | None:
        """Claim and hold in one step of one thread, so that no lease is ever without its beat."""
        claimed = self._store.claim_next(
            self._owner, self._times.ttl_s, only="respeak" if only else None
        )
        if claimed is not None:
            self._keeper.hold(claimed.tenure)
        return claimed

    async def _ended(self, run: Run, state: JobState | None) -> None:
        self._keeper.drop(run.job.id)
        if state is None:
            self._metrics.fenced.inc()
        holding = self._holdings.pop(run.job.id)
        self._scheduler.give_back(holding.slot)
        if holding.backend is not None and holding.permit is not None:
            await holding.backend.ack(holding.permit)
        self._on_change()
        await self.fill()


def _waited_s(job: Job) -> float:
    """Seconds from a job being ready to its claim; a clock that was set gives 0."""
    if job.started_at is None:
        return 0.0
    ready = datetime.fromisoformat(job.created_at)
    return max(
        0.0, (datetime.fromisoformat(job.started_at).astimezone(UTC) - ready).total_seconds()
    )
