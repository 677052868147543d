"""``ChildSupervisor``: runs each job in a process of its own, and is the ``Execute`` of the queue.

The child is started from the event loop's thread (its parent-death signal is tied to that
thread) in a session of its own. It is given up, its group killed and a crash counted, when it
shows no sign of life for 60 s, or when neither its progress nor its processor time moves for ten
minutes while it waits for nothing it told us of.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import structlog

from dubbing_pipeline.jobs.queue import Run
from dubbing_pipeline.jobs.runs import RunStore
from dubbing_pipeline.model.job import (
    Done,
    Failed,
    Manifest,
    Outcome,
    OutputFile,
    Progress,
    Reason,
    Stopped,
)
from dubbing_pipeline.runtime.child_pipe import (
    DRAIN_STAGE_S,
    LONGEST_LINE_BYTES,
    decode,
    encode,
)
from dubbing_pipeline.runtime.processes import busy_s
from dubbing_pipeline.runtime.scheduler import Scheduler
from dubbing_pipeline.utils.confinement import child_environment

_log = structlog.get_logger(__name__)

CallFor = Callable[[Run], Mapping[str, Any]]
"""Makes the first message for a child: the work, its folders, its secrets."""


@dataclass(frozen=True, slots=True)
class ChildTimes:
    """How patient the supervisor is, in seconds."""

    silence_s: float = 60.0
    stall_s: float = 600.0
    look_s: float = 1.0
    stop_grace_s: float = 1.0
    drain_grace_s: float = DRAIN_STAGE_S + 10.0


class ChildSupervisor:
    """Starts children and waits for them.

    Args:
        argv: The child's program; the number of the pipe's descriptor is added to it.
        call_for: Makes the first message.
        scheduler: Grants slots.
        store: Takes pins.
        log_dir: Where each job's own output goes, one file a job; None throws it away.
        times: Patience.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        call_for: CallFor,
        scheduler: Scheduler,
        store: RunStore,
        log_dir: Path | None = None,
        times: ChildTimes = ChildTimes(),
    ) -> None:
        self._argv = tuple(argv)
        self._call_for = call_for
        self._scheduler = scheduler
        self._store = store
        self._log_dir = log_dir
        self._times = times

    async def execute(self, run: Run) -> Outcome:
        """Run one job to its end, whatever that is."""
        child = await self._start(run)
        try:
            outcome = await child.wait()
        finally:
            await child.kill()
        return outcome

    async def _start(self, run: Run) -> "_Child":
        read_end, write_end = os.pipe()
        log = self._open_log(run.job.id)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                str(write_end),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(write_end,),
                env=child_environment(),
                start_new_session=True,
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
            os.close(log)
        lines = await _open_reader(read_end)
        child = _Child(process, lines, run, scheduler=self._scheduler, store=self._store)
        child.times = self._times
        await child.send({"call": dict(self._call_for(run))})
        return child

    def _open_log(self, job_id: str) -> int:
        if self._log_dir is None:
            return os.open(os.devnull, os.O_WRONLY)
        folder = self._log_dir / "jobs"
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.open(folder / f"{job_id}.log", flags, 0o640)


async def _open_reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader


class _Child:
    """One child process and what it has said so far."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        lines: asyncio.StreamReader,
        run: Run,
        *,
        scheduler: Scheduler,
        store: RunStore,
    ) -> None:
        self.times = ChildTimes()
        self._process = process
        self._lines = lines
        self._run = run
        self._scheduler = scheduler
        self._store = store
        self._outcome: Outcome | None = None
        self._slots: dict[str, list[AsyncExitStack]] = {}
        self._waiting: set[asyncio.Task[None]] = set()
        now_s = self._now_s()
        self._heard_s = now_s
        self._moved_s = now_s
        self._busy_s = 0.0

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    async def send(self, message: Mapping[str, Any]) -> None:
        pipe = self._process.stdin
        if pipe is not None:
            with suppress(ConnectionError):
                pipe.write(encode(message))
                await pipe.drain()

    async def wait(self) -> Outcome:
        reading = asyncio.create_task(self._read())
        stopping = asyncio.create_task(self._watch_stop())
        watching = asyncio.create_task(self._watch_life())
        try:
            done, _ = await asyncio.wait(
                {reading, stopping, watching}, return_when=asyncio.FIRST_COMPLETED
            )
            if reading in done:
                reading.result()
                return self._outcome or await self._died()
            ended = stopping if stopping in done else watching
            return self._outcome or ended.result()
        finally:
            for task in (reading, stopping, watching, *self._waiting):
                task.cancel()
            await asyncio.gather(
                *(reading, stopping, watching, *self._waiting), return_exceptions=True
            )

    async def _read(self) -> None:
        while line := await self._lines.readline():
            self._heard_s = self._now_s()
            await self._take(decode(line))

    async def _take(self, message: Mapping[str, Any]) -> None:
        if "stage" in message:
            self._moved_s = self._heard_s
            await self._run.report(Progress(message["stage"], float(message["share"])))
        elif "want" in message:
            task = asyncio.create_task(self._grant(message["want"]))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
        elif "free" in message:
            await self._free(message["free"])
        elif "pin" in message:
            await asyncio.to_thread(self._store.pin, self._run.tenure, message["pin"])
        else:
            self._outcome = _outcome_of(message, self._run) or self._outcome

    async def _grant(self, resource: Any) -> None:
        stack = AsyncExitStack()
        await stack.enter_async_context(self._scheduler.hold(resource))
        self._slots.setdefault(resource, []).append(stack)
        self._moved_s = self._now_s()
        await self.send({"grant": resource})

    async def _free(self, resource: Any) -> None:
        if self._slots.get(resource):
            await self._slots[resource].pop().aclose()

    async def _watch_stop(self) -> Outcome:
        """Ask the child to end and give it a moment; what then still runs is killed."""
        run = self._run
        while True:
            await run.stop_asked.wait()
            run.stop_asked.clear()
            reason = run.stop or "cancelled"
            await self.send({"stop": reason})
            drained = reason == "drained"
            grace_s = self.times.drain_grace_s if drained else self.times.stop_grace_s
            try:
                async with asyncio.timeout(grace_s):
                    # A cancel may come while a drain waits: then the shorter grace counts.
                    await run.stop_asked.wait()
            except TimeoutError:
                return Stopped(reason, run.progress.stage)

    async def _watch_life(self) -> Outcome:
        while True:
            await asyncio.sleep(self.times.look_s)
            now_s = self._now_s()
            if now_s - self._heard_s > self.times.silence_s:
                return self._given_up("runtime.child_silent", self.times.silence_s)
            if now_s - self._moved_s > self.times.stall_s and not self._is_busy(now_s):
                return self._given_up("runtime.child_stalled", self.times.stall_s)

    def _is_busy(self, now_s: float) -> bool:
        """Look whether the child or its programs used the processor since the last look."""
        if self._waiting:
            return True
        used_s = busy_s(self._process.pid)
        moved = used_s > self._busy_s
        self._busy_s = used_s
        if moved:
            self._moved_s = now_s
        return moved

    def _given_up(self, code: str, seconds: float) -> Failed:
        stage = self._run.progress.stage
        _log.warning("child_given_up", job=self._run.job.id, why=code, stage=stage)
        return Failed("crash", Reason(code, {"seconds": seconds, "stage": stage}), stage)

    async def _died(self) -> Outcome:
        status = await self._process.wait()
        run = self._run
        if run.stop is not None:
            return Stopped(run.stop, run.progress.stage)
        params = {"status": status, "stage": run.progress.stage}
        return Failed("crash", Reason("runtime.child_died", params), run.progress.stage)

    async def kill(self) -> None:
        """End the child's whole group, give its slots back."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        for stacks in self._slots.values():
            for stack in stacks:
                await stack.aclose()


def _outcome_of(message: Mapping[str, Any], run: Run) -> Outcome | None:
    if "done" in message:
        made = message["done"]
        outputs = tuple(OutputFile(**output) for output in made.get("outputs", ()))
        return Done(Manifest(made.get("artifacts", {}), outputs, made.get("metrics", {})))
    if "failed" in message:
        failed = message["failed"]
        reason = Reason(failed["code"], failed["params"])
        return Failed(_failure(failed["failure"]), reason, run.progress.stage)
    if "stopped" in message:
        return Stopped(run.stop or "drained", run.progress.stage)
    return None


def _failure(name: str) -> Literal["permanent", "transient", "resource", "crash"]:
    match name:
        case "transient" | "resource" | "crash":
            return name
        case _:
            return "permanent"
