"""``Publisher``: lays finished files into the output folder, each whole or not at all.

A file is copied to a temporary name in the output folder, synced, and renamed without replacing
anything; then its row says where it lies. Killed between the two, it is laid out a second time
under the next free name: a spare file, never a missing one. Until then players read the artifact.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from dubbing_pipeline.errors import DubbingError
from dubbing_pipeline.jobs.results import Output
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.utils.files import publish

_log = structlog.get_logger(__name__)

DUTY_S = 60.0

Fetch = Callable[[str], Path]
"""Give the local path of an artifact."""


class Publisher:
    """Empties the list of pending outputs; one process of the host at a time."""

    def __init__(self, upkeep: Upkeep, fetch: Fetch, output_dir: Path) -> None:
        self._upkeep = upkeep
        self._fetch = fetch
        self._output_dir = output_dir

    async def run_once(self) -> int:
        """Lay out what is pending; gives how many files."""
        pending = await asyncio.to_thread(self._upkeep.pending_outputs)
        if not pending or not await asyncio.to_thread(self._upkeep.hold_duty, "publish", DUTY_S):
            return 0
        placed = 0
        for output in pending:
            placed += await asyncio.to_thread(self._place, output)
        return placed

    def _place(self, output: Output) -> int:
        try:
            self._output_dir.mkdir(parents=True, exist_ok=True)
            path = publish(self._fetch(output.key), self._output_dir, output.name)
        except (DubbingError, OSError) as error:
            # The folder may be a share that is away: the row stays, and the next turn tries.
            _log.warning("publish_waits", job=output.job_id, name=output.name, error=str(error))
            self._upkeep.mark_unpublished(output, str(error))
            return 0
        return int(self._upkeep.mark_published(output, str(path)))
