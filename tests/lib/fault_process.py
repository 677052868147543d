"""One process that is struck once, at a named point: killed, stopped, or by an exception.

Started as ``python fault_process.py CONFIG``. The first process that reaches the point leaves a
mark, so that its heir passes unharmed.
"""

import asyncio
import functools
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dubbing_pipeline.jobs.runs import RunStore
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.runtime.assembly import Parts, Runtime, open_runtime
from dubbing_pipeline.runtime.redis_backend import RedisDispatchBackend
from lib import chaos_process
from lib.runtimes import script

POINTS: dict[str, tuple[type[Any], str, str]] = {
    "before the commit of submit": (JobStore, "_create", "after"),
    "after the commit of submit": (JobStore, "create", "after"),
    "before XADD": (RedisDispatchBackend, "submit", "before"),
    "after XADD, before it is marked": (RedisDispatchBackend, "submit", "after"),
    "after it is marked": (Upkeep, "mark_sent", "after"),
    "after XREADGROUP": (RedisDispatchBackend, "_fresh", "after"),
    "before the commit of claim": (RunStore, "_claim", "after"),
    "after the commit of claim": (RunStore, "claim_next", "after"),
    "at a beat": (RunStore, "beat", "before"),
    "before the commit of finish": (RunStore, "_end", "after"),
    "after the commit of finish": (RunStore, "finish", "after"),
    "before XACK": (RedisDispatchBackend, "ack", "before"),
    "before the commit of a sweep": (Upkeep, "_reap", "after"),
}


class Struck(RuntimeError):
    """The exception that is thrown at a point."""


def strike(folder: Path, action: str) -> None:
    try:
        os.close(os.open(folder / "struck", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        raise Struck(action)


def arm(point: str, action: str, folder: Path) -> None:
    """Put the strike around the method of a point; results of nothing do not count."""
    kind, name, when = POINTS[point]
    inner: Callable[..., Any] = getattr(kind, name)

    def happened(result: Any) -> bool:
        return result not in (None, (), 0)

    @functools.wraps(inner)
    def sync(*args: Any, **named: Any) -> Any:
        if when == "before":
            strike(folder, action)
        result = inner(*args, **named)
        if when == "after" and (happened(result) or name == "mark_sent"):
            strike(folder, action)
        return result

    @functools.wraps(inner)
    async def later(*args: Any, **named: Any) -> Any:
        if when == "before":
            strike(folder, action)
        result = await inner(*args, **named)
        if when == "after" and happened(result):
            strike(folder, action)
        return result

    setattr(kind, name, later if inspect.iscoroutinefunction(inner) else sync)


async def submit(runtime: Runtime, folder: Path) -> None:
    with (folder / "answers.subject").open("a", buffering=1) as answers:
        try:
            job = await asyncio.to_thread(
                script, runtime.store, folder, ["stage", "mix"], ["sleep", 0.6]
            )
        except Struck:
            return
        answers.write(f"{job.id} 0\n")
    runtime.wake()


async def main(config: dict[str, Any]) -> None:
    folder = Path(config["folder"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    parts = Parts(make_store=chaos_process.make_store("none", folder / "effects"))
    async with open_runtime(chaos_process.setup_of(config), parts=parts) as runtime:
        if config["point"]:
            arm(config["point"], config["action"], folder)
        if config["submits"]:
            await submit(runtime, folder)
        (folder / f"ready.{config['name']}").touch()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
