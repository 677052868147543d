"""Both dispatch backends over a real store, opened and closed in one event loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from dubbing_pipeline.jobs.runs import Standing
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.runtime.inproc_backend import InProcDispatchBackend
from dubbing_pipeline.runtime.redis_backend import RedisDispatchBackend, StreamNames
from dubbing_pipeline.utils.redis_link import RedisLink

STREAM = "dp:jobs:stream"
GROUP = "dp:jobs:workers"


class StoreRoad:
    """The store's side of the contract, as ``runtime.assembly`` hands it in."""

    def __init__(self, store: JobStore) -> None:
        self.store = store
        self.loop = Upkeep(store, "road")
        self.cancelled: list[str] = []

    async def find(self, limit: int) -> Sequence[str]:
        return await asyncio.to_thread(self.store.runnable, limit=limit)

    async def postpone(self, job_id: str, delay_s: float) -> None:
        await asyncio.to_thread(self.loop.postpone, job_id, delay_s)

    async def standing(self, job_id: str) -> Standing:
        return await asyncio.to_thread(self.store.standing, job_id)


@asynccontextmanager
async def inproc(store: JobStore) -> AsyncIterator[InProcDispatchBackend]:
    road = StoreRoad(store)
    backend = InProcDispatchBackend(
        find=road.find, postpone=road.postpone, on_cancel=road.cancelled.append, poll_s=0.02
    )
    yield backend
    await backend.close()


@asynccontextmanager
async def redis(
    store: JobStore,
    url: str,
    *,
    incarnation: str = "test:1:a",
    store_id: str | None = None,
    stream: str = STREAM,
) -> AsyncIterator[RedisDispatchBackend]:
    road = StoreRoad(store)
    names = StreamNames(
        stream=stream,
        group=GROUP,
        store_id=store_id or store.store_id(),
        incarnation=incarnation,
    )
    backend = RedisDispatchBackend(
        RedisLink(url),
        names,
        clock=store.clock,
        standing=road.standing,
        postpone=road.postpone,
        block_ms=50,
    )
    yield backend
    await backend.close()
