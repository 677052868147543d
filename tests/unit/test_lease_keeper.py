from collections.abc import Iterator
from pathlib import Path

import pytest

from dubbing_pipeline.errors import OutOfSpace
from dubbing_pipeline.jobs.leases import BeatResult, Tenure
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.runtime.lease_keeper import LeaseKeeper
from dubbing_pipeline.utils.metrics import QueueMetrics
from fakes.clock import FakeClock
from lib.stores import TTL_S, claim, open_store, submit, upkeep


class Desk:
    """A keeper over a store, and what it told."""

    def __init__(self, store: JobStore, clock: FakeClock) -> None:
        self.told: list[BeatResult] = []
        self.metrics = QueueMetrics()
        self.keeper = LeaseKeeper(
            store, ttl_s=TTL_S, clock=clock, on_beat=self.told.append, metrics=self.metrics
        )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[JobStore]:
    opened = open_store(tmp_path, clock)
    yield opened
    opened.database.close()


@pytest.fixture
def desk(store: JobStore, clock: FakeClock) -> Desk:
    return Desk(store, clock)


def hold(desk: Desk, store: JobStore) -> Tenure:
    submit(store)
    tenure = claim(store).tenure
    desk.keeper.hold(tenure)
    return tenure


def test_a_held_lease_outlives_its_length(desk: Desk, store: JobStore, clock: FakeClock) -> None:
    hold(desk, store)
    for _ in range(20):
        clock.advance(TTL_S / 4)
        assert desk.keeper.run_once().lost == frozenset()
    assert upkeep(store).reap(TTL_S) == ()


def test_a_cancel_of_another_process_comes_with_the_next_beat(desk: Desk, store: JobStore) -> None:
    tenure = hold(desk, store)
    store.cancel(tenure.job_id)
    assert desk.keeper.run_once().cancelled == {tenure.job_id}


def test_a_lost_lease_is_told_once(desk: Desk, store: JobStore, clock: FakeClock) -> None:
    tenure = hold(desk, store)
    clock.advance(TTL_S + 1)
    upkeep(store).reap(TTL_S)
    assert desk.keeper.run_once().lost == {tenure.job_id}
    assert desk.keeper.run_once().lost == frozenset()


def test_the_time_left_at_a_renewal_is_shown(desk: Desk, store: JobStore, clock: FakeClock) -> None:
    hold(desk, store)
    clock.advance(TTL_S - 2)
    desk.keeper.run_once()
    (sample,) = next(iter(desk.metrics.lease_margin_s.collect())).samples
    assert sample.value == pytest.approx(2)


class BrokenStore(JobStore):
    """Its disk is full."""

    def beat(self, tenures: object, ttl_s: float) -> BeatResult:
        raise OutOfSpace("utils.database_full", path=f"{tenures}{ttl_s}")


def test_without_a_beat_for_a_whole_lease_runs_are_given_up(
    store: JobStore, clock: FakeClock
) -> None:
    broken = BrokenStore(store.database, clock=clock, policy=store.policy, boot_id="boot")
    desk = Desk(broken, clock)
    tenure = hold(desk, store)
    clock.advance(TTL_S - 1)
    assert desk.keeper.run_once().lost == frozenset()
    clock.advance(2)
    assert desk.keeper.run_once().lost == {tenure.job_id}


def test_stopping_twice_and_before_the_start_does_no_harm(desk: Desk) -> None:
    desk.keeper.stop()
    desk.keeper.start()
    desk.keeper.stop()
    desk.keeper.stop()
