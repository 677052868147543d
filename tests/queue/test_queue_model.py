"""T1: the real store under any order of events, and the broken stores that must be caught."""

import os
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test as run_machine,
)

from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from lib.mutants import NoOwnerCheck, NoReconcile, ResetEpoch, Unfenced
from lib.queue_model import TTL_S, Broken, World

MANY = 5_000
EXAMPLES = int(os.environ.get("QUEUE_MODEL_EXAMPLES", "200"))  # noqa: TID251 - the nightly number
WORKERS = st.sampled_from(["w1", "w2", "w3"])
OWNERS = st.sampled_from(["ann", "bob"])
WHICH = st.integers(0, 11)


class QueueMachine(RuleBasedStateMachine):
    """Everything that may happen to the queue, in any order."""

    kind: type[JobStore] = JobStore
    upkeep: type[Upkeep] = Upkeep

    @initialize()
    def open(self) -> None:
        self.world = World(self.kind, upkeep=self.upkeep)

    @rule(owner=OWNERS)
    def submit(self, owner: str) -> None:
        if len(self.world.jobs) < 6:
            self.world.submit(owner)

    @rule(owner=OWNERS)
    def submit_with_key(self, owner: str) -> None:
        self.world.submit(owner, key="k")

    @rule()
    def send_hints(self) -> None:
        self.world.send_hints()

    @rule()
    def send_and_die(self) -> None:
        self.world.send_unmarked()

    @rule()
    def send_to_level_1(self) -> None:
        self.world.send_local()

    @rule()
    def flush(self) -> None:
        self.world.lose_hints()

    @rule()
    def reorder(self) -> None:
        self.world.shuffle_hints()

    @rule(worker=WORKERS, by_hint=st.booleans())
    def claim(self, worker: str, by_hint: bool) -> None:
        self.world.claim(worker, by_hint=by_hint)

    @rule(which=WHICH)
    def beat(self, which: int) -> None:
        self._with_tenure(which, self.world.beat)

    @rule(which=WHICH)
    def finish(self, which: int) -> None:
        self._with_tenure(which, self.world.finish)

    @rule(which=WHICH, failure=st.sampled_from(["permanent", "transient", "crash"]))
    def fail(self, which: int, failure: str) -> None:
        self._with_tenure(which, lambda number: self.world.fail(number, failure))

    @rule(which=WHICH)
    def give_back(self, which: int) -> None:
        self._with_tenure(which, self.world.stop)

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        self._with_job(which, self.world.cancel)

    @rule(which=WHICH)
    def retry(self, which: int) -> None:
        self._with_job(which, self.world.retry)

    @rule(which=WHICH, paused=st.booleans())
    def pause(self, which: int, paused: bool) -> None:
        self._with_job(which, lambda job: self.world.pause(job, paused=paused))

    @rule(seconds=st.sampled_from([0, TTL_S / 4, TTL_S, TTL_S + 1, 600]))
    def advance(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule()
    def sweep(self) -> None:
        self.world.sweep()

    @rule()
    def reboot(self) -> None:
        self.world.reboot()

    @invariant()
    def promises_hold(self) -> None:
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.settle()
            self.world.database.close()

    def _with_tenure(self, which: int, act: Any) -> None:
        if self.world.tenures:
            act(which % len(self.world.tenures))

    def _with_job(self, which: int, act: Any) -> None:
        if self.world.jobs:
            act(self.world.jobs[which % len(self.world.jobs)])


def explore(
    kind: type[JobStore],
    upkeep: type[Upkeep],
    phases: Sequence[Phase] = tuple(Phase),
    *,
    examples: int = EXAMPLES,
) -> None:
    machine = type("Machine", (QueueMachine,), {"kind": kind, "upkeep": upkeep})
    run_machine(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            database=None,
            derandomize=True,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_promises_hold_in_any_order_of_events() -> None:
    explore(JobStore, Upkeep)


@pytest.mark.parametrize(
    ("kind", "upkeep"),
    [
        (Unfenced, Upkeep),
        (NoOwnerCheck, Upkeep),
        (ResetEpoch, Upkeep),
        (JobStore, NoReconcile),
    ],
    ids=["unfenced", "no owner check", "epoch reset", "no reconcile"],
)
def test_a_broken_queue_is_found_out(kind: type[JobStore], upkeep: type[Upkeep]) -> None:
    # the search ends at the first find; how soon that is depends on the seed, which changes with
    # every change of the code, so that a lucky number of examples would not stay one
    with pytest.raises(Broken):
        explore(kind, upkeep, [Phase.generate], examples=MANY)
