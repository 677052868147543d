"""``BackendSelector``: holds both backends and switches between them as ``failover`` says."""

import asyncio
from collections.abc import Callable

import structlog

from dubbing_pipeline.errors import BackendUnavailable, BackendUnfit
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.runtime.dispatch import Health, JobDispatchBackend
from dubbing_pipeline.runtime.failover import Failover, Switch
from dubbing_pipeline.runtime.inproc_backend import InProcDispatchBackend
from dubbing_pipeline.runtime.redis_backend import RedisDispatchBackend
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.metrics import QueueMetrics

_log = structlog.get_logger(__name__)


class BackendSelector:
    """Gives the backend that new hints go to, and watches whether it stays the right one."""

    def __init__(
        self,
        failover: Failover,
        *,
        local: InProcDispatchBackend,
        redis: RedisDispatchBackend | None,
        clock: Clock,
        upkeep: Upkeep,
        metrics: QueueMetrics,
        on_switch: Callable[[Switch], None],
    ) -> None:
        self.failover = failover
        self.local = local
        self.redis = redis
        self._clock = clock
        self._upkeep = upkeep
        self._metrics = metrics
        self._on_switch = on_switch
        self._switched: list[Switch] = []
        metrics.level.set(failover.level)

    def target(self) -> JobDispatchBackend:
        """Give the backend of the present level."""
        if self.redis is not None and self.failover.level == self.redis.level:
            return self.redis
        return self.local

    async def run_once(self) -> Health:
        """Ask Redis once, and act on the answer."""
        if self.redis is None:
            return Health(ok=True)
        health = await self._look(self.redis)
        self._observe(health)
        await self._write_switches()
        return health

    async def _look(self, redis: RedisDispatchBackend) -> Health:
        """Probe; while in level 1 also make stream and group ready, so that opening finds them."""
        health = await redis.health()
        if health.ok and self.failover.is_degraded:
            try:
                await redis.ensure_group()
            except BackendUnavailable as error:
                return _bad(error)
        return health

    def note_failure(self, error: BackendUnavailable) -> None:
        """Count the failure of a real command like that of a probe."""
        self._observe(_bad(error))

    def _observe(self, health: Health) -> None:
        switch = self.failover.observe(health, self._clock.monotonic_s())
        if switch is None:
            return
        self._metrics.level.set(switch.level)
        self._metrics.switches.labels(to=str(switch.level)).inc()
        _log.warning("queue_level", level=switch.level, kind=switch.kind, reason=switch.reason)
        self._switched.append(switch)
        self._on_switch(switch)

    async def _write_switches(self) -> None:
        """Tell the history, and let hints that failed on the old road go out on the new one."""
        while self._switched:
            switch = self._switched[0]
            await asyncio.to_thread(
                self._upkeep.note, "level", level=switch.level, kind=switch.kind, why=switch.reason
            )
            await asyncio.to_thread(self._upkeep.retry_hints_now)
            self._switched.pop(0)

    def next_probe_s(self) -> float:
        return self.failover.next_probe_s()


def _bad(error: BackendUnavailable) -> Health:
    return Health(
        ok=False,
        reason=str(error.params.get("reason", "error")),
        certain=isinstance(error, BackendUnfit),
    )
