"""Level 2 as the restricted user of Redis that the docs and roles set up."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubbing_pipeline.runtime.assembly import Runtime
from dubbing_pipeline.utils.redis_link import access_rules, key_patterns
from lib.redis_server import RedisServer, free_port, running_redis
from lib.runtimes import reach, run_open, script, setup_in
from lib.waiting import until

STREAM = "dp:jobs:stream"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with running_redis(folder, port=free_port()) as running:
        running.talk("ACL", "SETUSER", "dp", "on", ">secret", *access_rules(STREAM))
        yield running


def test_the_whole_road_needs_no_more_than_the_listed_rights(
    server: RedisServer, tmp_path: Path
) -> None:
    url = f"redis://dp:secret@127.0.0.1:{server.port}/0"

    async def check(runtime: Runtime) -> None:
        assert runtime.selector.failover.level == 2
        await asyncio.to_thread(server.talk, "DEL", STREAM)
        job = script(runtime.store, tmp_path, ["stage", "mix"])
        stopped = script(runtime.store, tmp_path, ["spawn", 60], ["hang"])
        runtime.wake()
        await reach(runtime, job, "done")
        await until((tmp_path / "spawned.pid").exists, "the second one runs")
        runtime.store.cancel(stopped.id)
        runtime.wake()
        await reach(runtime, stopped, "cancelled")
        await runtime.rescuer.reconcile_once()
        await runtime.rescuer.clean_once()
        redis = runtime.selector.redis
        assert redis is not None
        assert await redis.backlog() == 0
        assert runtime.selector.failover.level == 2

    run_open(setup_in(tmp_path, redis_url=url), check)
    log = server.talk("ACL", "LOG")
    assert log == b"*0\r\n", log


def test_names_outside_of_the_list_are_refused(server: RedisServer) -> None:
    del server
    assert key_patterns(STREAM).keys == (
        STREAM,
        "dp:jobs:stream:owner",
        "dp:jobs:stream:canary:*",
        "dp:limit:*",
    )
