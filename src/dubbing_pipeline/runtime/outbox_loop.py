"""``OutboxLoop``: sends due hints on the present road. Send, then mark: a double is harmless."""

import asyncio
from collections.abc import Sequence

from dubbing_pipeline.errors import BackendUnavailable
from dubbing_pipeline.jobs.outbox import DueHint
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.runtime.selector import BackendSelector
from dubbing_pipeline.utils.metrics import QueueMetrics

BATCH = 100
ROUNDS = 20


class OutboxLoop:
    """Empties the outbox, as far as it is due."""

    def __init__(self, upkeep: Upkeep, selector: BackendSelector, metrics: QueueMetrics) -> None:
        self._upkeep = upkeep
        self._selector = selector
        self._metrics = metrics

    async def run_once(self) -> int:
        """Send what is due; gives how many hints went out."""
        sent = 0
        for _ in range(ROUNDS):
            hints = await asyncio.to_thread(self._upkeep.due_hints, BATCH)
            if not hints or not await self._send(hints):
                self._metrics.outbox_pending.set(len(hints))
                break
            sent += len(hints)
        return sent

    async def _send(self, hints: Sequence[DueHint]) -> bool:
        try:
            marked = await self._selector.target().submit(hints)
        except BackendUnavailable as error:
            self._selector.note_failure(error)
            await asyncio.to_thread(self._upkeep.mark_failed, hints, str(error))
            return False
        await asyncio.to_thread(self._upkeep.mark_sent, marked)
        return True
