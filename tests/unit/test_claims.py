from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubbing_pipeline.jobs import claims
from dubbing_pipeline.jobs.outbox import SentHint
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Manifest
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


def run_one(store: JobStore, clock: FakeClock, seconds: float = 1200) -> str:
    """Run the next job for so long, as one worker does."""
    claimed = claim(store)
    clock.advance(seconds)
    store.finish(claimed.tenure, Manifest())
    return claimed.job.owner_id


def test_a_higher_class_goes_first(store: JobStore) -> None:
    submit(store, priority=1)
    high = submit(store, priority=0)
    assert claim(store).job.id == high.id


def test_equal_jobs_go_by_age(store: JobStore, clock: FakeClock) -> None:
    first = submit(store)
    clock.advance(1)
    submit(store)
    assert claim(store).job.id == first.id


def test_ten_minutes_of_waiting_raise_a_job_by_one_class(store: JobStore, clock: FakeClock) -> None:
    old = submit(store, "ann", priority=2)
    clock.advance(601)
    submit(store, "bob", priority=1)
    assert claim(store).job.id == old.id


def test_a_low_job_is_not_starved_by_its_owners_own_stream(
    store: JobStore, clock: FakeClock
) -> None:
    low = submit(store, priority=2)
    for _ in range(5):
        submit(store, priority=0)
        claimed = claim(store)
        clock.advance(300)
        store.finish(claimed.tenure, Manifest())
        if claimed.job.id == low.id:
            return
    pytest.fail("the low job never ran")


def test_a_newcomer_starts_within_one_job_of_a_large_backlog(
    store: JobStore, clock: FakeClock
) -> None:
    for _ in range(500):
        submit(store, "ann")
    for _ in range(4):
        run_one(store, clock)
    running = claim(store)
    clock.advance(600)
    submit(store, "bob")
    clock.advance(600)
    store.finish(running.tenure, Manifest())
    assert claim(store).job.owner_id == "bob"


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_two_owners_get_half_each(store: JobStore, clock: FakeClock, slots: int) -> None:
    for _ in range(120):
        submit(store, "ann")
    for _ in range(120):
        submit(store, "bob")
    served: Counter[str] = Counter()
    running = [claim(store) for _ in range(slots)]
    for _ in range(100):
        clock.advance(60)
        first = running.pop(0)
        served[first.job.owner_id] += 1
        store.finish(first.tenure, Manifest())
        running.append(claim(store))
    assert abs(served["ann"] - 50) <= 5


def test_the_owner_with_fewer_running_jobs_goes_first(store: JobStore) -> None:
    submit(store, "ann"), submit(store, "ann"), submit(store, "ann")
    claim(store)
    submit(store, "bob")
    assert claim(store).job.owner_id == "bob"


def test_the_interactive_claim_takes_respeaks_only(store: JobStore) -> None:
    submit(store)
    assert store.claim_next("w", TTL_S, only="respeak") is None
    line = submit(store, kind="respeak")
    claimed = store.claim_next("w", TTL_S, only="respeak")
    assert claimed is not None
    assert claimed.job.id == line.id


def test_reconcile_sends_what_a_flushed_stream_lost(store: JobStore) -> None:
    for _ in range(5):
        submit(store)
    loop = upkeep(store)
    loop.mark_sent([SentHint(h.job_id, h.kind, "sent", "1-0") for h in loop.due_hints()])
    assert loop.missing_hints(unread=5) == 0
    assert loop.missing_hints(unread=2) == 3
    assert len(loop.due_hints()) == 3


def test_one_process_holds_a_duty_until_it_lapses(store: JobStore, clock: FakeClock) -> None:
    first, second = upkeep(store, "p1"), upkeep(store, "p2")
    assert first.hold_duty("reconcile", 10)
    assert not second.hold_duty("reconcile", 10)
    assert first.hold_duty("reconcile", 10)
    clock.advance(11)
    assert second.hold_duty("reconcile", 10)


def test_claiming_from_ten_thousand_waiting_jobs_reads_one_index(store: JobStore) -> None:
    submit(store)
    statement = "EXPLAIN QUERY PLAN "
    with store.database.read() as connection:
        values = {"now": "", "horizon": "", "cap": 0, "kind": None, "limit": 1}
        plan = [row["detail"] for row in connection.execute(statement + claims._NEXT, values)]
    assert any("jobs_waiting" in line for line in plan), plan
