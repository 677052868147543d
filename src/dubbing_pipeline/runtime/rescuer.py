"""``Rescuer``: takes jobs back from the dead, sends lost hints again, keeps the house clean.

Every process may do all of it at any time. Reaping looks at one index each second; what one
process can do for all is held as a duty in the store.
"""

import asyncio

import structlog

from dubbing_pipeline.errors import BackendUnavailable
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.runtime.selector import BackendSelector
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.metrics import QueueMetrics
from dubbing_pipeline.utils.sqlite import Database

_log = structlog.get_logger(__name__)

DUTY_S = 10.0
JUMP_S = 5.0
REHINT_LIMIT = 100


class Rescuer:
    """Recovery of one process's share."""

    def __init__(
        self,
        upkeep: Upkeep,
        selector: BackendSelector,
        database: Database,
        *,
        clock: Clock,
        ttl_s: float,
        metrics: QueueMetrics,
    ) -> None:
        self._upkeep = upkeep
        self._selector = selector
        self._database = database
        self._clock = clock
        self._ttl_s = ttl_s
        self._metrics = metrics
        self._offset_s = self._wall_offset_s()
        self._hold_off_until_s = float("-inf")

    def _wall_offset_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic_s()

    def _must_hold_off(self) -> bool:
        """Give every owner one lease time to beat with the new time after the wall clock jumped."""
        offset_s = self._wall_offset_s()
        now_s = self._clock.monotonic_s()
        if abs(offset_s - self._offset_s) > min(JUMP_S, self._ttl_s / 2):
            self._offset_s = offset_s
            self._hold_off_until_s = now_s + self._ttl_s
            _log.warning("clock_jumped", hold_off_s=self._ttl_s)
        return now_s < self._hold_off_until_s

    async def reap_once(self) -> int:
        """Take jobs of expired leases back."""
        if self._must_hold_off():
            return 0
        reaped = await asyncio.to_thread(self._upkeep.reap, self._ttl_s)
        for job_id, state in reaped:
            self._metrics.reaped.inc()
            _log.warning("lease_reaped", job=job_id, state=state)
        return len(reaped)

    async def reconcile_once(self) -> int:
        """Send the hints again that runnable jobs miss in the stream."""
        redis = self._selector.redis
        if redis is None or self._selector.target() is not redis:
            return 0
        if not await asyncio.to_thread(self._upkeep.hold_duty, "reconcile", DUTY_S):
            return 0
        try:
            unread = await redis.backlog()
        except BackendUnavailable as error:
            self._selector.note_failure(error)
            return 0
        missing = await asyncio.to_thread(
            lambda: self._upkeep.missing_hints(unread, limit=REHINT_LIMIT)
        )
        self._metrics.rehinted.inc(missing)
        return missing

    async def clean_once(self) -> None:
        """Drop dead consumers and old rows, and move the WAL into the file."""
        if not await asyncio.to_thread(self._upkeep.hold_duty, "clean", DUTY_S):
            return
        await asyncio.to_thread(self._upkeep.forget_old)
        await asyncio.to_thread(self._database.checkpoint)
        redis = self._selector.redis
        if redis is not None and self._selector.target() is redis:
            try:
                await redis.drop_idle_consumers()
            except BackendUnavailable as error:
                self._selector.note_failure(error)
