"""``LocalEngine``: this host's engine: selector, outbox and store seen as one."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from dubbing_pipeline.jobs.outbox import DueHint, SentHint
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Job
from dubbing_pipeline.runtime.selector import BackendSelector

LOOK_S = 0.25


class Changes:
    """Wakes whoever watches jobs in this process; other processes are seen by the file's version."""

    def __init__(self) -> None:
        self._happened = asyncio.Event()

    def notify(self) -> None:
        happened, self._happened = self._happened, asyncio.Event()
        happened.set()

    async def wait(self, limit_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._happened.wait(), limit_s)


class LocalEngine:
    """The ``Engine`` of one host."""

    def __init__(self, store: JobStore, selector: BackendSelector, changes: Changes) -> None:
        self._store = store
        self._selector = selector
        self._changes = changes

    async def submit(self, hints: Sequence[DueHint]) -> tuple[SentHint, ...]:
        return await self._selector.target().submit(hints)

    async def cancel(self, hints: Sequence[DueHint]) -> tuple[SentHint, ...]:
        return await self._selector.target().submit(hints)

    async def describe(self, job_id: str) -> Job:
        return await asyncio.to_thread(self._store.get, job_id)

    async def watch(self, job_id: str) -> AsyncIterator[Job]:
        shown: Job | None = None
        while shown is None or not shown.is_final:
            job = await self.describe(job_id)
            if job != shown:
                shown = job
                yield job
            else:
                await self._changes.wait(LOOK_S)

    def health(self) -> Mapping[str, Any]:
        failover = self._selector.failover
        return {
            "level": failover.level,
            "wanted": failover.wanted,
            "degraded": failover.is_degraded,
            "reason": failover.reason,
        }
