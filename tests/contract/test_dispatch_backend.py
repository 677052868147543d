"""One suite for every dispatch backend: level 1 and level 2 must not drift apart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Manifest
from dubbing_pipeline.runtime.dispatch import JobDispatchBackend, Permit
from fakes.clock import FakeClock
from lib import backends
from lib.redis_server import RedisServer, running_redis
from lib.stores import TTL_S, claim, open_store, submit, upkeep

Opener = Callable[[], AbstractAsyncContextManager[JobDispatchBackend]]
Check = Callable[[JobDispatchBackend], Awaitable[None]]
VISIBLE_S = 0.001


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[JobStore]:
    opened = open_store(tmp_path, clock)
    yield opened
    opened.database.close()


@pytest.fixture(params=["inproc", "redis"])
def opener(request: pytest.FixtureRequest, store: JobStore) -> Opener:
    if request.param == "inproc":
        return lambda: backends.inproc(store)
    server: RedisServer = request.getfixturevalue("server")
    server.talk("FLUSHALL")
    return lambda: _ready_redis(store, server.url)


@asynccontextmanager
async def _ready_redis(store: JobStore, url: str) -> AsyncIterator[JobDispatchBackend]:
    async with backends.redis(store, url) as backend:
        await backend.ensure_group()
        yield backend


def run(opener: Opener, check: Check) -> None:
    async def inside() -> None:
        async with opener() as backend:
            await check(backend)

    asyncio.run(inside())


async def claim_until(
    backend: JobDispatchBackend, room: int, *, consumer: str = "c", wanted: int = 1
) -> list[Permit]:
    permits: list[Permit] = []
    for _ in range(5):
        permits += await backend.claim(consumer, room, VISIBLE_S)
        if len(permits) >= wanted:
            return permits
    return permits


def send(store: JobStore, backend: JobDispatchBackend) -> Awaitable[object]:
    return backend.submit(upkeep(store).due_hints())


def test_a_submitted_hint_becomes_a_permit(opener: Opener, store: JobStore) -> None:
    job = submit(store)

    async def check(backend: JobDispatchBackend) -> None:
        (sent,) = await backend.submit(upkeep(store).due_hints())
        assert sent.job_id == job.id
        assert sent.state == ("sent" if backend.level == 2 else "sent_l1")
        assert [permit.job_id for permit in await claim_until(backend, 1)] == [job.id]

    run(opener, check)


def test_no_more_permits_than_room(opener: Opener, store: JobStore) -> None:
    for owner in "abc":
        submit(store, owner)

    async def check(backend: JobDispatchBackend) -> None:
        await send(store, backend)
        assert len(await claim_until(backend, 2)) == 2

    run(opener, check)


def test_without_room_nothing_is_read(opener: Opener, store: JobStore) -> None:
    submit(store)

    async def check(backend: JobDispatchBackend) -> None:
        await send(store, backend)
        assert await backend.claim("c", 0, VISIBLE_S) == ()
        assert len(await claim_until(backend, 1)) == 1

    run(opener, check)


def test_an_idle_backend_gives_nothing_and_stays_well(opener: Opener, store: JobStore) -> None:
    async def check(backend: JobDispatchBackend) -> None:
        assert await backend.claim("c", 1, VISIBLE_S) == ()
        assert (await backend.health()).ok

    del store
    run(opener, check)


def test_a_used_permit_does_not_come_again(
    opener: Opener, store: JobStore, clock: FakeClock
) -> None:
    submit(store)

    async def check(backend: JobDispatchBackend) -> None:
        await send(store, backend)
        (permit,) = await claim_until(backend, 1)
        store.finish(claim(store).tenure, Manifest())
        await backend.ack(permit)
        await backend.ack(permit)
        clock.advance(60)
        assert await claim_until(backend, 1) == []

    run(opener, check)


def test_a_permit_of_a_dead_holder_comes_again(
    opener: Opener, store: JobStore, clock: FakeClock
) -> None:
    job = submit(store)

    async def check(backend: JobDispatchBackend) -> None:
        await send(store, backend)
        assert await claim_until(backend, 1, consumer="dead")
        again: list[Permit] = []
        while not again:
            clock.advance(60)
            again = await claim_until(backend, 1, consumer="heir")
        assert [permit.job_id for permit in again] == [job.id]

    run(opener, check)


def test_a_running_job_gives_no_second_permit(
    opener: Opener, store: JobStore, clock: FakeClock
) -> None:
    submit(store)

    async def check(backend: JobDispatchBackend) -> None:
        await send(store, backend)
        permits = await claim_until(backend, 1)
        held = claim(store, "w", ttl_s=3600)
        await backend.extend(permits)
        clock.advance(60)
        assert await claim_until(backend, 1, consumer="other") == []
        assert store.beat([held.tenure], TTL_S).lost == frozenset()

    run(opener, check)


def test_a_permit_given_back_is_hinted_again_when_it_is_due(
    opener: Opener, store: JobStore, clock: FakeClock
) -> None:
    submit(store)

    async def check(backend: JobDispatchBackend) -> None:
        upkeep(store).mark_sent(await backend.submit(upkeep(store).due_hints()))
        (permit,) = await claim_until(backend, 1)
        await backend.nack(permit, 30)
        assert upkeep(store).due_hints() == ()
        clock.advance(31)
        assert len(upkeep(store).due_hints()) == 1

    run(opener, check)


def test_doubled_hints_run_a_job_once(opener: Opener, store: JobStore) -> None:
    submit(store)

    async def check(backend: JobDispatchBackend) -> None:
        hints = upkeep(store).due_hints()
        await backend.submit(hints)
        await backend.submit(hints)
        for permit in await claim_until(backend, 2):
            claimed = store.claim_next("w", TTL_S)
            if claimed is not None:
                store.finish(claimed.tenure, Manifest())
            await backend.ack(permit)

    run(opener, check)
    done = [event for event in store.history() if event.event == "done"]
    assert len(done) == 1


def test_unknown_permits_are_ignored(opener: Opener, store: JobStore) -> None:
    async def check(backend: JobDispatchBackend) -> None:
        stranger = Permit("999-9", job_id="nobody", level=backend.level)
        await backend.extend([stranger])
        await backend.ack(stranger)
        await backend.nack(stranger, 1)
        assert (await backend.health()).ok

    del store
    run(opener, check)


def test_cancel_requests_travel(opener: Opener, store: JobStore) -> None:
    submit(store)
    job = claim(store).job
    store.cancel(job.id)

    async def check(backend: JobDispatchBackend) -> None:
        hints = [hint for hint in upkeep(store).due_hints() if hint.kind == "cancel"]
        (sent,) = await backend.submit(hints)
        assert (sent.job_id, sent.kind, sent.entry_id) == (job.id, "cancel", None)

    run(opener, check)
