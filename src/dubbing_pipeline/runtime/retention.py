"""``Retention``: deletes what nobody needs: old trash, and work that can be made again.

A film is deleted only with the last job that used it, and only after a week in the trash. An
artifact goes when no row names it, jobs in the trash included, and it is old enough: at least a
day, so that nothing a running job has just made can be meant.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path

import structlog

from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.utils.clock import Clock

_log = structlog.get_logger(__name__)

DUTY_S = 600.0
DAY_S = 86_400.0


class Retention:
    """Cleans the state folder; one process of the host at a time.

    Args:
        upkeep: The store's side.
        artifacts: The folder of the artifact store.
        clock: The time.
        work_days: Age at which unnamed artifacts go; 0 keeps them for ever.
    """

    def __init__(self, upkeep: Upkeep, artifacts: Path, clock: Clock, *, work_days: int) -> None:
        self._upkeep = upkeep
        self._artifacts = artifacts
        self._clock = clock
        self._work_days = work_days

    async def run_once(self) -> int:
        """Delete what is due; gives how many files went."""
        if not await asyncio.to_thread(self._upkeep.hold_duty, "retention", DUTY_S):
            return 0
        return await asyncio.to_thread(self._clean)

    def _clean(self) -> int:
        gone = 0
        for path in self._upkeep.purge_trash():
            Path(path).unlink(missing_ok=True)
            gone += 1
        if self._work_days:
            gone += self._collect(self._upkeep.named_artifacts())
        if gone:
            _log.info("retention", files=gone)
        return gone

    def _collect(self, named: Collection[str]) -> int:
        oldest_s = self._clock.now().timestamp() - max(1, self._work_days) * DAY_S
        gone = 0
        for path in self._artifacts.glob("??/*"):
            if path.name not in named and path.stat().st_mtime < oldest_s:
                path.unlink(missing_ok=True)
                gone += 1
        return gone
