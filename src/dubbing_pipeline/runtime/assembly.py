"""The composition root below HTTP: opens everything a process needs, closes it in reverse.

Stopping is a drain: claiming ends first; children may finish a short stage; leases are kept to
the last; then hints of what was given back are sent, and the process takes its row away.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dubbing_pipeline.jobs.leases import BeatResult
from dubbing_pipeline.jobs.queue import Execute, JobQueue
from dubbing_pipeline.jobs.rows import stamp
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import ProcessRow, Upkeep
from dubbing_pipeline.runtime.cancel_channel import CancelChannel
from dubbing_pipeline.runtime.child_supervisor import ChildSupervisor
from dubbing_pipeline.runtime.failover import Failover, Switch
from dubbing_pipeline.runtime.inproc_backend import InProcDispatchBackend
from dubbing_pipeline.runtime.intake import POLL_S, Intake, IntakeTimes
from dubbing_pipeline.runtime.lease_keeper import LeaseKeeper
from dubbing_pipeline.runtime.local_engine import Changes, LocalEngine
from dubbing_pipeline.runtime.notify import Notify, OpenUrl
from dubbing_pipeline.runtime.outbox_loop import OutboxLoop
from dubbing_pipeline.runtime.publisher import Publisher
from dubbing_pipeline.runtime.redis_backend import RedisDispatchBackend, StreamNames
from dubbing_pipeline.runtime.rescuer import Rescuer
from dubbing_pipeline.runtime.retention import Retention
from dubbing_pipeline.runtime.scheduler import Scheduler
from dubbing_pipeline.runtime.selector import BackendSelector
from dubbing_pipeline.runtime.setup import (
    RuntimeSetup,
    bring_up_to_date,
    make_store,
    open_database,
)
from dubbing_pipeline.utils.background import Loop
from dubbing_pipeline.utils.clock import Clock, SystemClock
from dubbing_pipeline.utils.ids import incarnation
from dubbing_pipeline.utils.metrics import QueueMetrics
from dubbing_pipeline.utils.redis_link import RedisLink

REAP_S = 1.0
CLEAN_S = 60.0
OUTBOX_LOOK_S = 0.2
PROCESS_BEAT_S = 5.0
PUBLISH_S = 1.0
NOTIFY_S = 2.0
RETENTION_S = 3600.0

MakeStore = Callable[[RuntimeSetup, Clock], JobStore]


def new_store(setup: RuntimeSetup, clock: Clock) -> JobStore:
    """Open the store of a setup over a database connection of its own."""
    return make_store(open_database(setup), setup, clock)


@dataclass(frozen=True, slots=True)
class Parts:
    """What tests put in place of the real thing."""

    clock: Clock = field(default_factory=SystemClock)
    make_store: MakeStore = new_store
    execute: Execute | None = None


class Runtime:
    """One process's queue, open. Use ``open_runtime``."""

    def __init__(self, setup: RuntimeSetup, parts: Parts) -> None:
        self.setup = setup
        self.clock = parts.clock
        self.incarnation = incarnation(socket.gethostname(), os.getpid())
        self.metrics = QueueMetrics()
        self.store = parts.make_store(setup, parts.clock)
        bring_up_to_date(self.store, setup.release)
        self.upkeep = Upkeep(self.store, self.incarnation)
        self.changes = Changes()
        self.scheduler = Scheduler(
            setup.slots if setup.executes else 0,
            resources=setup.resources,
            gpu_locks=setup.gpu_locks,
        )
        self.selector = self._selector()
        self.engine = LocalEngine(self.store, self.selector, self.changes)
        self.queue = JobQueue(self.store, parts.execute or self._supervisor().execute)
        self._keeper_store = parts.make_store(setup, parts.clock)
        self.keeper = LeaseKeeper(
            self._keeper_store,
            ttl_s=setup.queue.ttl_s,
            clock=parts.clock,
            on_beat=self._beaten,
            metrics=self.metrics,
        )
        self.intake = self._intake()
        self.rescuer = Rescuer(
            self.upkeep,
            self.selector,
            self.store.database,
            clock=parts.clock,
            ttl_s=setup.queue.ttl_s,
            metrics=self.metrics,
        )
        self._since = stamp(parts.clock.now())
        url = setup.queue.redis_url
        self._cancel_link = RedisLink(url) if url is not None and setup.executes else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._outbox = Loop(
            "outbox", OutboxLoop(self.upkeep, self.selector, self.metrics).run_once, OUTBOX_LOOK_S
        )

    def _selector(self) -> BackendSelector:
        queue = self.setup.queue
        return BackendSelector(
            Failover(wanted=queue.wanted, times=queue.failover, now_s=self.clock.monotonic_s()),
            local=InProcDispatchBackend(
                find=lambda limit: asyncio.to_thread(self.store.runnable, limit=limit),
                postpone=self._postpone,
                on_cancel=self._cancel_heard,
            ),
            redis=self._redis(),
            clock=self.clock,
            upkeep=self.upkeep,
            metrics=self.metrics,
            on_switch=self._switched,
        )

    def _redis(self) -> RedisDispatchBackend | None:
        queue = self.setup.queue
        if queue.redis_url is None:
            return None
        names = StreamNames(queue.stream, queue.group, self.store.store_id(), self.incarnation)
        return RedisDispatchBackend(
            RedisLink(queue.redis_url),
            names,
            clock=self.clock,
            standing=lambda job_id: asyncio.to_thread(self.store.standing, job_id),
            postpone=self._postpone,
        )

    async def _postpone(self, job_id: str, delay_s: float) -> None:
        await asyncio.to_thread(self.upkeep.postpone, job_id, delay_s)
        self._outbox.wake()

    def _supervisor(self) -> ChildSupervisor:
        child = self.setup.child
        return ChildSupervisor(
            child.argv,
            call_for=child.call_for,
            scheduler=self.scheduler,
            store=self.store,
            log_dir=self.setup.log_dir,
            times=child.times,
        )

    def _intake(self) -> Intake:
        queue = self.setup.queue
        return Intake(
            self.store,
            self.upkeep,
            self.queue,
            owner=self.incarnation,
            scheduler=self.scheduler,
            selector=self.selector,
            keeper=self.keeper,
            metrics=self.metrics,
            times=IntakeTimes(queue.ttl_s, queue.visibility_s, queue.safety_poll_s),
            on_change=self.changes.notify,
        )

    def wake(self) -> None:
        """Say that a job was submitted, cancelled or retried in this process."""
        self._outbox.wake()
        self.changes.notify()

    def _switched(self, switch: Switch) -> None:
        del switch
        self._since = stamp(self.clock.now())
        self._outbox.wake()

    def _cancel_heard(self, job_id: str) -> None:
        self.queue.stop(job_id, "cancelled")

    def _beaten(self, result: BeatResult) -> None:
        """Take a beat's findings from the keeper's thread to the loop's."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._after_beat, result)

    def _after_beat(self, result: BeatResult) -> None:
        for job_id in result.lost:
            self.queue.stop(job_id, "lease_lost")
        for job_id in result.cancelled:
            self.queue.stop(job_id, "cancelled")
        if self.selector.redis is not None and self.intake.permits:
            self._later(self.selector.redis.extend(self.intake.permits))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def beat_process(self) -> None:
        """Write this process's row."""
        failover = self.selector.failover
        row = ProcessRow(
            incarnation=self.incarnation,
            role=self.setup.role,
            release=self.setup.release,
            level=failover.level,
            wanted_level=failover.wanted,
            reason=failover.reason,
            since=self._since,
            counters=self.metrics.counters(),
        )
        await asyncio.to_thread(self.upkeep.beat_process, row)

    def loops(self) -> tuple[Loop, ...]:
        """List the loops every process runs."""
        made = [
            self._outbox,
            Loop("reap", self.rescuer.reap_once, REAP_S),
            Loop("reconcile", self.rescuer.reconcile_once, self.setup.queue.reconcile_s),
            Loop("clean", self.rescuer.clean_once, CLEAN_S),
            Loop("process", self.beat_process, PROCESS_BEAT_S),
        ]
        if self.selector.redis is not None:
            made.append(Loop("health", self.selector.run_once, self.selector.next_probe_s))
        return tuple(made)

    def executor_loops(self) -> tuple[Loop, ...]:
        """List the loops of a process that runs jobs."""
        made = [
            Loop("intake", self.intake.run_once, 0.0),
            Loop("poll", self.intake.poll_once, POLL_S),
            Loop("interactive", self.intake.interactive_once, POLL_S),
        ]
        if self._cancel_link is not None:
            channel = CancelChannel(self._cancel_link, self._cancel_heard)
            made.append(Loop("cancel", channel.run_once, 1.0))
        return tuple(made)

    async def start(self) -> None:
        """Look at Redis once, so that a healthy one is used from the first job on."""
        self._loop = asyncio.get_running_loop()
        await self.selector.run_once()
        await self.beat_process()
        self.keeper.start()

    async def end(self) -> None:
        """Close what is left when all loops have stopped."""
        await OutboxLoop(self.upkeep, self.selector, self.metrics).run_once()
        await asyncio.to_thread(self.keeper.stop)
        await asyncio.gather(*self._background, return_exceptions=True)
        await asyncio.to_thread(self.upkeep.leave)
        if self.selector.redis is not None:
            await self.selector.redis.close()
        if self._cancel_link is not None:
            await self._cancel_link.close()
        self._keeper_store.database.close()
        self.store.database.close()


@dataclass(frozen=True, slots=True)
class Doors:
    """What leads out of the queue; what is None is not done by this process."""

    fetch: Callable[[str], Path] | None = None
    open_url: OpenUrl | None = None
    link: str = ""


def service_loops(runtime: Runtime, doors: Doors) -> tuple[Loop, ...]:
    """List the loops that lay files out, tell people, and clean up."""
    setup = runtime.setup
    artifacts = setup.state_dir / "artifacts"
    retention = Retention(runtime.upkeep, artifacts, runtime.clock, work_days=setup.work_days)
    made = [Loop("retention", retention.run_once, RETENTION_S)]
    if doors.fetch is not None:
        publisher = Publisher(runtime.upkeep, doors.fetch, setup.output_dir)
        made.append(Loop("publish", publisher.run_once, PUBLISH_S))
    if doors.open_url is not None:
        notify = Notify(runtime.upkeep, doors.open_url, link=doors.link)
        made.append(Loop("notify", notify.run_once, NOTIFY_S))
    return tuple(made)


@asynccontextmanager
async def open_runtime(
    setup: RuntimeSetup, *, parts: Parts | None = None, doors: Doors | None = None
) -> AsyncIterator[Runtime]:
    """Open a process's queue and run it until the block ends, then drain.

    Args:
        setup: What kind of process.
        parts: What tests replace.
        doors: What leads out of the queue.
    """
    runtime = Runtime(setup, parts or Parts())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runtime.end)
        await runtime.start()
        for loop in (*runtime.loops(), *service_loops(runtime, doors or Doors())):
            loop.start()
            stack.push_async_callback(loop.stop)
        if setup.executes:
            stack.push_async_callback(runtime.queue.drain)
            for loop in runtime.executor_loops():
                loop.start()
                stack.push_async_callback(loop.stop)
            stack.callback(runtime.scheduler.close)
        yield runtime
