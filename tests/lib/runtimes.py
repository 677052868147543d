"""A runtime in a temporary folder whose jobs are scripts (``lib.scripted_child``)."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dubbing_pipeline.jobs.policy import Policy
from dubbing_pipeline.jobs.queue import Run
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Job, JobKind, JobState, NewJob, Priority
from dubbing_pipeline.runtime.assembly import Parts, Runtime, open_runtime
from dubbing_pipeline.runtime.child_supervisor import ChildTimes
from dubbing_pipeline.runtime.failover import FailoverTimes
from dubbing_pipeline.runtime.setup import ChildSetup, QueueSetup, RuntimeSetup
from lib.waiting import until

CHILD = Path(__file__).with_name("scripted_child.py")
FAST_FAILOVER = FailoverTimes(interval_s=0.2, return_after_s=1.0, flap_within_s=2.0)
TIMES = ChildTimes(silence_s=1.0, stall_s=1.0, look_s=0.05, stop_grace_s=0.5, drain_grace_s=3.0)


def call_for(run: Run) -> Mapping[str, Any]:
    return {**run.job.spec, "epoch": run.tenure.epoch}


def setup_in(
    folder: Path,
    *,
    redis_url: str | None = None,
    ttl_s: float = 2.0,
    slots: int = 2,
    policy: Policy | None = None,
    times: ChildTimes = TIMES,
    failover: FailoverTimes = FAST_FAILOVER,
) -> RuntimeSetup:
    return RuntimeSetup(
        state_dir=folder / "state",
        output_dir=folder / "output",
        log_dir=folder / "log",
        slots=slots,
        policy=policy or Policy(),
        queue=QueueSetup(
            redis_url=redis_url,
            ttl_s=ttl_s,
            visibility_s=5.0,
            safety_poll_s=1.0,
            reconcile_s=0.5,
            failover=failover,
        ),
        child=ChildSetup(argv=(sys.executable, str(CHILD)), call_for=call_for, times=times),
    )


def script(
    store: JobStore,
    folder: Path,
    *steps: list[Any],
    owner: str = "ann",
    kind: JobKind = "dub",
    priority: Priority = 1,
) -> Job:
    spec = {"script": list(steps), "folder": str(folder), "mode": "low"}
    return store.create(
        NewJob(kind=kind, owner_id=owner, title="film", spec=spec, priority=priority)
    )


def run_open(
    setup: RuntimeSetup, check: Callable[[Runtime], Awaitable[None]], parts: Parts | None = None
) -> None:
    """Open a runtime, check something, close it."""

    async def inside() -> None:
        async with open_runtime(setup, parts=parts) as runtime:
            await check(runtime)

    asyncio.run(inside())


async def reach(runtime: Runtime, job: Job, *states: JobState, limit_s: float = 20.0) -> Job:
    """Wait until a job is in one of the states."""
    await until(lambda: runtime.store.get(job.id).state in states, f"{job.id} is {states}", limit_s)
    return runtime.store.get(job.id)


def as_role(setup: RuntimeSetup, role: Any) -> RuntimeSetup:
    return replace(setup, role=role)
