"""``JobQueue``: the one executor. It runs what it is handed, and tells the store how it ended.

What to run is handed in (``Execute``), so nothing here knows stages, processes or Redis. Each
running job has a ``Run``: the way in for progress, and the way to ask it to stop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import structlog

from dubbing_pipeline.errors import DubbingError
from dubbing_pipeline.jobs.leases import Tenure
from dubbing_pipeline.jobs.runs import Claimed, RunStore
from dubbing_pipeline.model.job import (
    Done,
    Failed,
    Job,
    JobState,
    Outcome,
    Progress,
    Reason,
    Stopped,
)
from dubbing_pipeline.utils.sqlite import driver

_log = structlog.get_logger(__name__)

REPORT_EVERY_S = 1.0
SETTLE_RETRY_S = 1.0
SETTLE_DEFECTS = 3

StopReason = Literal["cancelled", "drained", "lease_lost"]


class Run:
    """One job that runs here. Stronger reasons to stop replace weaker ones, never the reverse."""

    def __init__(self, claimed: Claimed, store: RunStore) -> None:
        self.job: Job = claimed.job
        self.tenure: Tenure = claimed.tenure
        self.stop: StopReason | None = None
        self.stop_asked = asyncio.Event()
        self.progress = claimed.job.progress
        self._store = store
        self._written_s = float("-inf")

    def ask_stop(self, reason: StopReason) -> None:
        """Ask the work to end; a drain lets a short stage finish, the others do not wait."""
        if self.stop in (None, "drained"):
            self.stop = reason
            self.stop_asked.set()

    async def report(self, progress: Progress) -> None:
        """Note progress; written at most once a second, and at each new stage."""
        now_s = asyncio.get_running_loop().time()
        is_new = progress.stage != self.progress.stage
        self.progress = progress
        if not is_new and now_s - self._written_s < REPORT_EVERY_S:
            return
        self._written_s = now_s
        if not await asyncio.to_thread(self._store.report, self.tenure, progress):
            self.ask_stop("lease_lost")


Execute = Callable[[Run], Awaitable[Outcome]]
"""Does a job's work to its end. It watches ``run.stop_asked`` and never raises for the work."""

Ended = Callable[[Run, JobState | None], Awaitable[None]]
"""Told when a run is over and settled; None is a lost lease."""


class JobQueue:
    """Runs claimed jobs at once; how many is the scheduler's business."""

    def __init__(self, store: RunStore, execute: Execute) -> None:
        self._store = store
        self._execute = execute
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> tuple[Run, ...]:
        return tuple(self._runs.values())

    def start(self, claimed: Claimed, ended: Ended) -> Run:
        """Begin a job that was just claimed."""
        run = Run(claimed, self._store)
        self._runs[run.job.id] = run
        task = asyncio.get_running_loop().create_task(self._drive(run, ended))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def stop(self, job_id: str, reason: StopReason) -> None:
        """Ask one job to end; unknown ones run elsewhere or nowhere."""
        run = self._runs.get(job_id)
        if run is not None:
            run.ask_stop(reason)

    async def drain(self) -> None:
        """Ask all to end in order, and wait for it."""
        for run in self.running:
            run.ask_stop("drained")
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _drive(self, run: Run, ended: Ended) -> None:
        outcome = await self._work(run)
        state = await self._settle(run, outcome)
        self._runs.pop(run.job.id, None)
        _log.info("job_ended", job=run.job.id, epoch=run.tenure.epoch, state=state or "lease_lost")
        await ended(run, state)

    async def _work(self, run: Run) -> Outcome:
        try:
            return await self._execute(run)
        except Exception as error:  # noqa: BLE001 - an edge: a defect here must not stop the others
            _log.exception("execute_failed", job=run.job.id)
            params = {"kind": type(error).__name__, "detail": str(error)}
            return Failed("crash", Reason("jobs.executor_defect", params), run.progress.stage)

    async def _settle(self, run: Run, outcome: Outcome) -> JobState | None:
        """Write the end down.

        A full or busy disk is waited for: the lease is being kept. A defect is tried a few times
        and then given up: the lease runs out, and the job is taken back like a dead worker's.
        """
        defects = 0
        while defects < SETTLE_DEFECTS:
            try:
                return await asyncio.to_thread(self._write, run, outcome)
            except (DubbingError, driver().Error) as error:
                _log.warning("settle_waits", job=run.job.id, error=str(error))
            except Exception:  # noqa: BLE001 - an edge: no defect may hold a lease for ever
                defects += 1
                _log.exception("settle_failed", job=run.job.id)
            await asyncio.sleep(SETTLE_RETRY_S)
        return None

    def _write(self, run: Run, outcome: Outcome) -> JobState | None:
        if run.stop == "lease_lost":
            return None
        match outcome:
            case Done(manifest=manifest):
                return self._store.finish(run.tenure, manifest)
            case Failed():
                return self._store.fail(run.tenure, outcome)
            case Stopped():
                return self._store.stop(run.tenure, outcome)
