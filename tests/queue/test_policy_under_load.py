"""T5: caps under races, spread of retries, full disks, power cuts, clock steps, GPU slots."""

import asyncio
import random
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubbing_pipeline.errors import LimitReached, OutOfSpace
from dubbing_pipeline.jobs.policy import Caps, Policy, RetryLimits, judge
from dubbing_pipeline.jobs.schema import MIGRATIONS
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Attempts, Manifest
from dubbing_pipeline.runtime.failover import Failover, FailoverTimes
from dubbing_pipeline.runtime.inproc_backend import InProcDispatchBackend
from dubbing_pipeline.runtime.rescuer import Rescuer
from dubbing_pipeline.runtime.scheduler import Scheduler
from dubbing_pipeline.runtime.selector import BackendSelector
from dubbing_pipeline.utils.metrics import QueueMetrics
from dubbing_pipeline.utils.sqlite import Database, Migration, migrate
from fakes.clock import FakeClock
from lib.stores import TTL_S, claim, open_store, submit, upkeep


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[JobStore]:
    opened = open_store(tmp_path, clock)
    yield opened
    opened.database.close()


def test_two_instances_cannot_race_past_a_cap(tmp_path: Path, clock: FakeClock) -> None:
    policy = Policy(caps=Caps(queued=10))
    stores = [open_store(tmp_path, clock, policy=policy) for _ in range(2)]
    answers: Counter[str] = Counter()
    lock = threading.Lock()

    def work(store: JobStore) -> None:
        try:
            submit(store)
            answer = "taken"
        except LimitReached:
            answer = "refused"
        with lock:
            answers[answer] += 1

    threads = [threading.Thread(target=work, args=(stores[n % 2],)) for n in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"taken": 10, "refused": 190}


def test_two_instances_claim_each_job_once(tmp_path: Path, clock: FakeClock) -> None:
    stores = [open_store(tmp_path, clock) for _ in range(2)]
    for _ in range(40):
        submit(stores[0])
    claimed: list[str] = []

    def work(store: JobStore, name: str) -> None:
        while (found := store.claim_next(name, TTL_S)) is not None:
            claimed.append(found.job.id)

    threads = [threading.Thread(target=work, args=(stores[n % 2], f"w{n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 40


def test_a_thousand_jobs_that_fail_together_do_not_return_together() -> None:
    chance = random.Random(4).random  # noqa: S311
    attempts = Attempts(errors=2)
    seconds = Counter(
        int(judge(attempts, "transient", RetryLimits(), chance).delay.total_seconds())
        for _ in range(1000)
    )
    assert max(seconds) <= 40
    assert max(seconds.values()) <= 3 * 1000 / 40


def fill(store: JobStore) -> None:
    for _ in range(200):
        submit(store)


def test_a_full_disk_refuses_submits_and_lets_running_jobs_end(store: JobStore) -> None:
    submit(store)
    running = claim(store)
    with store.database._lock:
        pages = store.database._writer.execute("PRAGMA page_count").fetchone()[0]
        store.database._writer.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(OutOfSpace, match=r"utils.database_full"):
        fill(store)
    assert store.beat([running.tenure], TTL_S).lost == frozenset()
    with store.database._lock:
        store.database._writer.execute("PRAGMA max_page_count=1000000")
    assert store.finish(running.tenure, Manifest()) == "done"


def test_a_power_cut_at_any_moment_keeps_every_answered_submit(
    tmp_path: Path, store: JobStore, clock: FakeClock
) -> None:
    store.database._writer.execute("PRAGMA wal_autocheckpoint=0")
    answered: list[str] = []
    ended = threading.Event()

    def work() -> None:
        while len(answered) < 300:
            answered.append(submit(store).id)
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    cuts: list[tuple[Path, list[str]]] = []
    while not ended.is_set() and len(cuts) < 12:
        before = list(answered)
        folder = tmp_path / f"cut{len(cuts)}"
        folder.mkdir(mode=0o700)
        for name in ("jobs.db", "jobs.db-wal"):
            shutil.copyfile(tmp_path / name, folder / name)
        cuts.append((folder, before))
        ended.wait(0.02)
    thread.join()
    for folder, before in cuts:
        copy = open_store(folder, clock)
        with copy.database.read() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            present = {row["id"] for row in connection.execute("SELECT id FROM jobs")}
        assert set(before) <= present
        copy.database.close()


def rescuer_of(store: JobStore, clock: FakeClock) -> Rescuer:
    async def find(_limit: int) -> list[str]:
        return []

    async def postpone(_job: str, _delay_s: float) -> None:
        return None

    loop = upkeep(store)
    metrics = QueueMetrics()
    selector = BackendSelector(
        Failover(wanted=1, times=FailoverTimes(), now_s=0.0),
        local=InProcDispatchBackend(find=find, postpone=postpone, on_cancel=lambda _: None),
        redis=None,
        clock=clock,
        upkeep=loop,
        metrics=metrics,
        on_switch=lambda _: None,
    )
    return Rescuer(loop, selector, store.database, clock=clock, ttl_s=TTL_S, metrics=metrics)


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_a_step_of_the_wall_clock_takes_no_lease_from_the_living(
    store: JobStore, clock: FakeClock, step_s: float
) -> None:
    async def check() -> None:
        rescuer = rescuer_of(store, clock)
        submit(store)
        held = claim(store)
        clock.jump(step_s)
        assert await rescuer.reap_once() == 0
        store.beat([held.tenure], TTL_S)
        clock.advance(TTL_S - 1)
        store.beat([held.tenure], TTL_S)
        clock.advance(2)
        assert await rescuer.reap_once() == 0
        clock.advance(TTL_S)
        assert await rescuer.reap_once() == 1

    asyncio.run(check())


def test_three_schedulers_share_one_gpu(tmp_path: Path) -> None:
    inside = peak = 0

    async def stage(scheduler: Scheduler) -> None:
        nonlocal inside, peak
        async with scheduler.hold("gpu"):
            inside += 1
            peak = max(peak, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    async def check() -> None:
        lock = (tmp_path / "gpu0.lock",)
        await asyncio.gather(*(stage(Scheduler(1, gpu_locks=lock)) for _ in range(3)))

    asyncio.run(check())
    assert peak == 1


def test_this_release_works_on_the_next_one_s_additive_schema(
    tmp_path: Path, clock: FakeClock
) -> None:
    later = Migration(
        MIGRATIONS[-1].number + 1,
        (
            "ALTER TABLE jobs ADD COLUMN colour TEXT NOT NULL DEFAULT 'none'",
            "ALTER TABLE queue_outbox ADD COLUMN lane INTEGER",
            "CREATE TABLE new_thing (a INTEGER) STRICT",
        ),
        readable_from=MIGRATIONS[-1].number,
    )
    database = Database(tmp_path / "jobs.db")
    migrate(database, (*MIGRATIONS, later))
    database.close()
    store = open_store(tmp_path, clock)
    submit(store)
    assert store.finish(claim(store).tenure, Manifest()) == "done"
