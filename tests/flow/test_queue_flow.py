"""A job's whole road through one process, in level 1 and level 2, with real children."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dubbing_pipeline.jobs.policy import Policy, RetryLimits
from dubbing_pipeline.runtime.assembly import Runtime, open_runtime
from dubbing_pipeline.runtime.setup import RuntimeSetup
from lib.redis_server import RedisServer, running_redis
from lib.runtimes import reach, run_open, script, setup_in
from lib.waiting import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=["level 1", "level 2"])
def setup(request: pytest.FixtureRequest, tmp_path: Path) -> RuntimeSetup:
    if request.param == "level 1":
        return setup_in(tmp_path)
    server: RedisServer = request.getfixturevalue("server")
    server.talk("FLUSHALL")
    return setup_in(tmp_path, redis_url=server.url)


def test_a_job_runs_and_ends(setup: RuntimeSetup, tmp_path: Path) -> None:
    async def check(runtime: Runtime) -> None:
        job = script(runtime.store, tmp_path, ["stage", "mix"], ["write", "effect"])
        runtime.wake()
        done = await reach(runtime, job, "done", "failed", "quarantined")
        assert (done.state, done.progress.stage) == ("done", "mix")

    run_open(setup, check)
    assert (tmp_path / "effect").read_text() == "1\n"


def test_many_jobs_run_once_each(setup: RuntimeSetup, tmp_path: Path) -> None:
    async def check(runtime: Runtime) -> None:
        jobs = [script(runtime.store, tmp_path, ["write", f"e{n}"]) for n in range(12)]
        runtime.wake()
        for job in jobs:
            await reach(runtime, job, "done")

    run_open(setup, check)
    assert [(tmp_path / f"e{n}").read_text() for n in range(12)] == ["1\n"] * 12


def test_a_job_ten_times_longer_than_the_visibility_time_runs_once(
    setup: RuntimeSetup, tmp_path: Path
) -> None:
    short = replace(setup, queue=replace(setup.queue, visibility_s=0.3, ttl_s=0.3))

    async def check(runtime: Runtime) -> None:
        job = script(runtime.store, tmp_path, ["sleep", 3], ["write", "effect"])
        runtime.wake()
        assert (await reach(runtime, job, "done")).epoch == 1

    run_open(short, check)


@pytest.mark.parametrize(
    ("step", "code", "state"),
    [
        (["fail", "permanent"], "tests.scripted", "failed"),
        (["kill"], "runtime.child_died", "quarantined"),
        (["exit", 3], "runtime.child_died", "quarantined"),
        (["defect"], "runtime.defect", "quarantined"),
        (["hang"], "runtime.child_stalled", "quarantined"),
        (["freeze"], "runtime.child_silent", "quarantined"),
        (["silent"], "runtime.child_silent", "quarantined"),
    ],
)
def test_each_way_a_child_ends_badly_is_named(
    tmp_path: Path, step: list[object], code: str, state: str
) -> None:
    setup = setup_in(tmp_path, policy=Policy(retries=RetryLimits(crashes=1)))

    async def check(runtime: Runtime) -> None:
        job = script(runtime.store, tmp_path, ["stage", "synthesize"], step)
        runtime.wake()
        ended = await reach(runtime, job, "failed", "quarantined")
        assert ended.reason is not None
        assert (ended.state, ended.reason.code) == (state, code)
        assert ended.progress.stage == "synthesize"

    run_open(setup, check)


def test_a_child_that_works_without_progress_is_left_alone(tmp_path: Path) -> None:
    async def check(runtime: Runtime) -> None:
        job = script(runtime.store, tmp_path, ["stage", "mix"], ["busy", 3])
        runtime.wake()
        assert (await reach(runtime, job, "done")).attempts.crashes == 0

    run_open(setup_in(tmp_path), check)


def test_a_cancel_reaches_a_running_job_and_its_programs(
    setup: RuntimeSetup, tmp_path: Path
) -> None:
    async def check(runtime: Runtime) -> None:
        job = script(runtime.store, tmp_path, ["spawn", 300], ["hang"])
        runtime.wake()
        await until((tmp_path / "spawned.pid").exists, "the program runs")
        runtime.store.cancel(job.id)
        runtime.wake()
        took = await until(
            lambda: runtime.store.get(job.id).state == "cancelled", "it is cancelled", 2.0
        )
        assert took < 2
        await until(lambda: not alive(tmp_path / "spawned.pid"), "the program is gone", 2.0)

    run_open(setup, check)


def alive(pid_file: Path) -> bool:
    pid = int(pid_file.read_text() or "0")
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_drain_lets_a_short_stage_end_and_costs_no_attempt(tmp_path: Path) -> None:
    setup = setup_in(tmp_path)

    async def inside() -> str:
        async with open_runtime(setup) as runtime:
            job = script(
                runtime.store,
                tmp_path,
                *(["stage", "mix"], ["sleep", 0.6], ["write", "short"]),
                *(["stage", "export"], ["write", "next"]),
            )
            runtime.wake()
            await until(lambda: runtime.store.get(job.id).progress.stage == "mix", "it runs")
            return job.id

    job_id = asyncio.run(inside())
    assert (tmp_path / "short").exists()
    assert not (tmp_path / "next").exists()

    async def later(runtime: Runtime) -> None:
        job = runtime.store.get(job_id)
        assert job.attempts.crashes == job.attempts.errors == job.attempts.interruptions == 0
        assert (await reach(runtime, job, "done")).epoch == 2

    run_open(setup, later)


def test_a_respeak_does_not_wait_behind_films(setup: RuntimeSetup, tmp_path: Path) -> None:
    async def check(runtime: Runtime) -> None:
        for _ in range(4):
            script(runtime.store, tmp_path, ["sleep", 30])
        runtime.wake()
        await until(lambda: len(runtime.queue.running) == 2, "all slots are taken")
        line = script(runtime.store, tmp_path, ["write", "line"], kind="respeak")
        runtime.wake()
        await reach(runtime, line, "done", limit_s=3)
        for run in runtime.queue.running:
            runtime.store.cancel(run.job.id)

    run_open(setup, check)


def test_stages_wait_for_the_slot_they_need(tmp_path: Path) -> None:
    setup = replace(setup_in(tmp_path), resources={"cpu": 1})

    async def check(runtime: Runtime) -> None:
        jobs = [script(runtime.store, tmp_path, ["slot", "cpu", 0.3]) for _ in range(2)]
        runtime.wake()
        for job in jobs:
            await reach(runtime, job, "done")

    run_open(setup, check)
    begins = (tmp_path / "cpu.begin").stat().st_mtime
    ends = (tmp_path / "cpu.end").stat().st_mtime
    assert ends - begins >= 0.25


def test_a_watcher_sees_each_state(tmp_path: Path) -> None:
    async def check(runtime: Runtime) -> None:
        job = script(runtime.store, tmp_path, ["stage", "mix"], ["sleep", 0.3])
        runtime.wake()
        states = [seen.state async for seen in runtime.engine.watch(job.id)]
        assert states[0] in ("queued", "running")
        assert states[-1] == "done"

    run_open(setup_in(tmp_path), check)


def test_the_process_row_says_how_the_queue_stands(setup: RuntimeSetup) -> None:
    async def check(runtime: Runtime) -> None:
        (row,) = runtime.upkeep.live_processes()
        assert row.level == setup.queue.wanted
        assert str(os.getpid()) in row.incarnation

    run_open(setup, check)
