"""One process of the chaos run: a worker, or a submitter with the role of an API.

Started as ``python chaos_process.py CONFIG``; the file says folder, role, store and faults.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from dubbing_pipeline.jobs.leases import Tenure
from dubbing_pipeline.jobs.policy import Policy, RetryLimits
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import JobState, Manifest
from dubbing_pipeline.runtime.assembly import Parts, Runtime, open_runtime
from dubbing_pipeline.runtime.child_supervisor import ChildTimes
from dubbing_pipeline.runtime.setup import RuntimeSetup, boot_id, open_database
from dubbing_pipeline.utils.clock import Clock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib.mutants import STORES, NoReconcile
from lib.runtimes import as_role, script, setup_in

UNLIMITED = Policy(retries=RetryLimits(errors=0, crashes=0, interruptions=0))
TIMES = ChildTimes(silence_s=20.0, stall_s=60.0, look_s=0.5, stop_grace_s=0.3, drain_grace_s=5.0)


def make_store(kind: str, effects: Path) -> Any:
    """Make the kind of store asked for, which also writes down each accepted end."""

    base: Any = STORES[kind]

    class Recording(base):  # type: ignore[misc]
        def finish(self, tenure: Tenure, manifest: Manifest) -> JobState | None:
            state: JobState | None = super().finish(tenure, manifest)
            if state == "done":
                handle = os.open(effects / tenure.job_id, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                os.write(handle, f"{tenure.epoch}\n".encode())
                os.close(handle)
            return state

    def make(setup: RuntimeSetup, clock: Clock) -> JobStore:
        store: JobStore = Recording(
            open_database(setup), clock=clock, policy=UNLIMITED, boot_id=boot_id()
        )
        return store

    return make


def setup_of(config: dict[str, Any]) -> RuntimeSetup:
    folder = Path(config["folder"])
    setup = setup_in(
        folder,
        redis_url=config["redis_url"],
        ttl_s=config["lease_s"],
        slots=config["slots"],
        policy=UNLIMITED,
        times=TIMES,
    )
    return as_role(setup, config["role"])


async def submit_all(runtime: Runtime, config: dict[str, Any]) -> None:
    """Submit, note each answer and how long it took."""
    chance = random.Random(config["seed"])  # noqa: S311
    folder = Path(config["folder"])
    with (folder / f"answers.{config['name']}").open("a", buffering=1) as answers:
        for _ in range(config["jobs"]):
            owner = f"user{chance.randrange(5)}"
            steps: list[list[Any]] = [
                ["stage", "mix"],
                ["sleep", chance.uniform(0.01, config["longest_s"])],
            ]
            begin = time.perf_counter()
            job = await asyncio.to_thread(script, runtime.store, folder, *steps, owner=owner)
            took_ms = (time.perf_counter() - begin) * 1000
            runtime.wake()
            answers.write(f"{job.id} {took_ms:.3f}\n")
            await asyncio.sleep(chance.expovariate(config["rate"]))
    (folder / f"submitted.{config['name']}").touch()


def trust_hints_alone(runtime: Runtime) -> None:
    async def nothing() -> int:
        return 0

    runtime.rescuer._upkeep = NoReconcile(runtime.store, runtime.incarnation)
    runtime.intake.fill = nothing  # type: ignore[method-assign]


async def main(config: dict[str, Any]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    folder = Path(config["folder"])
    parts = Parts(make_store=make_store(config["store"], folder / "effects"))
    async with open_runtime(setup_of(config), parts=parts) as runtime:
        if config["no_reconcile"]:
            trust_hints_alone(runtime)
        if config["deaf_keeper"]:
            runtime._after_beat = lambda result: None  # type: ignore[method-assign]
        if config["jobs"]:
            await submit_all(runtime, config)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
