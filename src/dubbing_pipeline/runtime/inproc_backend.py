"""Level 1: work is found in SQLite itself.

Nothing is held in memory but a wake-up, so there is nothing to scan for after a restart and
nothing to lose: a permit is "the store names a runnable job". Submitting wakes this process at
once; others on the host look every half second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from dubbing_pipeline.jobs.outbox import DueHint, SentHint
from dubbing_pipeline.runtime.dispatch import CancelHeard, Health, Level, Permit, Postpone

POLL_S = 0.5

FindRunnable = Callable[[int], Awaitable[Sequence[str]]]
"""Name at most so many runnable jobs, the next one first."""


class InProcDispatchBackend:
    """Hints are a wake-up; permits are runnable rows."""

    level: Final[Level] = 1

    def __init__(
        self,
        *,
        find: FindRunnable,
        postpone: Postpone,
        on_cancel: CancelHeard,
        poll_s: float = POLL_S,
    ) -> None:
        self._find = find
        self._postpone = postpone
        self._on_cancel = on_cancel
        self._poll_s = poll_s
        self._woken = asyncio.Event()

    async def submit(self, hints: Sequence[DueHint]) -> tuple[SentHint, ...]:
        for hint in hints:
            if hint.kind == "cancel":
                self._on_cancel(hint.job_id)
        self._woken.set()
        return tuple(SentHint(hint.job_id, hint.kind, "sent_l1") for hint in hints)

    async def claim(
        self,
        consumer: str,  # noqa: ARG002 - the lease names the consumer
        room: int,
        visibility_timeout_s: float,  # noqa: ARG002 - the lease's expiry is the only clock here
    ) -> tuple[Permit, ...]:
        if room <= 0:
            return ()
        self._woken.clear()
        found = await self._find(room)
        if not found:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._poll_s)
            found = await self._find(room)
        return tuple(Permit(token=job, job_id=job, level=1) for job in found)

    async def extend(self, permits: Sequence[Permit]) -> None:
        """Nothing to do: the lease says it."""

    async def ack(self, permit: Permit) -> None:
        """Nothing to do: the job's state says it."""

    async def nack(self, permit: Permit, delay_s: float) -> None:
        await self._postpone(permit.job_id, delay_s)

    async def health(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        self._woken.set()
