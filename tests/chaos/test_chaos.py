"""T4: the chaos run, and the runs that are broken on purpose and must be found out."""

import json
import os
from typing import Any

import pytest

from lib.chaos import Plan, Result, run

NIGHTLY = os.environ.get("CHAOS_JOBS")  # noqa: TID251 - the nightly number of jobs


def plan(**changes: Any) -> Plan:
    if NIGHTLY:
        jobs = int(NIGHTLY)
        return Plan(jobs=jobs, kills=200, pauses=30, redis_faults=50, rate=12.0, **changes)
    return Plan(jobs=300, kills=20, pauses=6, redis_faults=10, longest_s=0.9, rate=9.0, **changes)


def told(result: Result) -> str:
    return json.dumps(result.shown(), indent=1)


def test_no_job_is_lost_or_done_twice_in_chaos() -> None:
    result = run(plan())
    assert result.good, told(result)


def test_a_queue_that_trusts_hints_alone_strands_jobs() -> None:
    broken = Plan(
        *(120, 1),
        kills=0,
        pauses=0,
        redis_faults=6,
        redis_kinds="flush,stream",
        rate=100.0,
        no_reconcile=True,
        patience_s=10.0,
    )
    result = run(broken)
    assert result.stuck > 0, told(result)


def zombies(store: str) -> Result:
    """Pause busy workers for longer than a lease, and let them go on in good faith."""
    return run(
        Plan(
            *(100, 3),
            kills=0,
            pauses=14,
            redis_faults=0,
            lease_s=0.8,
            longest_s=1.6,
            rate=12.0,
            store=store,
            deaf_keeper=True,
            patience_s=60.0,
        )
    )


def test_the_fence_alone_stops_zombies() -> None:
    result = zombies("none")
    assert result.good, told(result)
    assert result.events["fenced"] > 0, told(result)


@pytest.mark.parametrize("store", ["unfenced", "no-owner"])
def test_a_store_that_believes_zombies_is_found_out(store: str) -> None:
    result = zombies(store)
    assert not result.verdict.good, told(result)
