"""``RunStore``: the half of the store that workers use: claim, beat, report, end.

Each public method is one transaction. Every write names job, epoch and owner (``Tenure``); when
the row count is 0 the lease is lost, and the caller throws its result away without a word.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from dubbing_pipeline.errors import NotFoundError
from dubbing_pipeline.jobs import admission, catalog, claims, leases, moves, results
from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.jobs.leases import BeatResult, Tenure
from dubbing_pipeline.jobs.policy import Policy, Random, judge
from dubbing_pipeline.model.job import (
    Failed,
    Job,
    JobKind,
    JobState,
    Manifest,
    Progress,
    Stopped,
)
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.ids import new_id
from dubbing_pipeline.utils.sqlite import Connection, Database, one

Standing = Literal["unknown", "final", "queued", "held", "stranded"]
"""How a job stands for whoever finds an old stream entry of it (``redis_backend``)."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that runs now, and the tenure that every write about it must name."""

    job: Job
    tenure: Tenure


class RunStore:
    """What a worker does to jobs.

    Args:
        database: ``jobs.db``, migrated.
        clock: Tells the time.
        policy: Caps and retry limits.
        boot_id: Names this boot of the host: leases of another boot are void.
        chance: Random numbers for retry delays.
        make_id: Names new things.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        policy: Policy,
        boot_id: str,
        chance: Random = random.random,
        make_id: Callable[[Clock], str] = new_id,
    ) -> None:
        self.database = database
        self.clock = clock
        self.policy = policy
        self.boot_id = boot_id
        self.chance = chance
        self.make_id = make_id

    @contextmanager
    def change(self, actor: str) -> Iterator[Change]:
        """Open a transaction for functions of this room that take a ``Change``."""
        with self.database.transaction() as connection:
            yield Change(connection=connection, now=self.clock.now(), actor=actor)

    def store_id(self) -> str:
        """Give the name of this installation's store; made once."""
        with self.database.transaction() as connection:
            values = ("store_id", self.make_id(self.clock))
            connection.execute(
                "INSERT INTO store_meta VALUES (?, ?) ON CONFLICT DO NOTHING", values
            )
            row = one(connection, "SELECT value FROM store_meta WHERE name = 'store_id'")
        return str(row["value"]) if row else ""

    def runnable(self, *, only: JobKind | None = None, limit: int = 1) -> tuple[str, ...]:
        """Name jobs that could be claimed now; changes nothing."""
        with self.database.read() as connection:
            if not admission.gate_is_open(connection):
                return ()
            return self._runnable(connection, only, limit)

    def _runnable(
        self, connection: Connection, only: JobKind | None, limit: int
    ) -> tuple[str, ...]:
        cap = self.policy.caps.running
        return claims.runnable(connection, now=self.clock.now(), cap=cap, kind=only, limit=limit)

    def claim_next(
        self, owner: str, ttl_s: float, *, only: JobKind | None = None
    ) -> Claimed | None:
        """Move the best runnable job to running, one epoch further, and lease it.

        Returns:
            None when nothing may run now.
        """
        if not self.runnable(only=only):
            return None
        with self.change(owner) as change:
            if not admission.gate_is_open(change.connection):
                return None
            for job_id in self._runnable(change.connection, only, 1):
                return self._claim(change, job_id, ttl_s)
        return None

    def _claim(self, change: Change, job_id: str, ttl_s: float) -> Claimed | None:
        epoch = claims.start(change.connection, job_id, now=change.now)
        if epoch is None:
            return None
        tenure = Tenure(job_id=job_id, epoch=epoch, owner=change.actor)
        leases.take(
            change.connection,
            tenure,
            now=change.at,
            expires_s=change.now.timestamp() + ttl_s,
            boot_id=self.boot_id,
        )
        change.record("claimed", job_id=job_id, epoch=epoch)
        return Claimed(job=known(change, job_id, None), tenure=tenure)

    def beat(self, tenures: Sequence[Tenure], ttl_s: float) -> BeatResult:
        """Renew leases; says which are lost and which jobs shall stop."""
        with self.change("beat") as change:
            expires_s = change.now.timestamp() + ttl_s
            return leases.beat(change.connection, tenures, now=change.at, expires_s=expires_s)

    def report(self, tenure: Tenure, progress: Progress) -> bool:
        """Write progress; False when the lease is lost."""
        with self.change(tenure.owner) as change:
            return leases.report(
                change.connection, tenure, now=change.at, stage=progress.stage, share=progress.share
            )

    def pin(self, tenure: Tenure, artifacts: Mapping[str, str]) -> bool:
        """Keep artifacts that a running job publishes or reuses; False when the lease is lost."""
        with self.change(tenure.owner) as change:
            if moves.held(change, tenure) is None:
                return False
            results.pin(change.connection, tenure.job_id, artifacts)
            return True

    def finish(self, tenure: Tenure, manifest: Manifest) -> JobState | None:
        """End a job well, once: job, manifest, library, notices, outbox, lease.

        Returns:
            ``done``; ``cancelled`` when a cancel was committed before; None when the lease is
            lost: the result is to be thrown away.
        """
        with self.change(tenure.owner) as change:
            job = moves.held(change, tenure)
            if job is None:
                _note_fenced(change, tenure, "finish")
                return None
            if job.cancel_requested_at is not None:
                return self._end(change, tenure, job, "cancelled")
            results.store_manifest(change, job.id, manifest)
            catalog.shelve(change, job, manifest)
            return self._end(change, tenure, job, "done")

    def fail(self, tenure: Tenure, failed: Failed) -> JobState | None:
        """Note a failure: the job is queued again, failed or quarantined; None as in ``finish``."""
        with self.change(tenure.owner) as change:
            job = moves.held(change, tenure)
            if job is None:
                _note_fenced(change, tenure, "fail")
                return None
            if job.cancel_requested_at is not None:
                return self._end(change, tenure, job, "cancelled")
            job = _at_stage(job, failed.stage)
            verdict = judge(job.attempts, failed.failure, self.policy.retries, self.chance)
            if verdict.state == "queued":
                moves.requeue(change, tenure, job, verdict=verdict, why=failed.failure)
                return "queued"
            moves.end(
                change,
                tenure,
                job,
                state=verdict.state,
                reason=failed.reason,
                attempts=verdict.attempts,
            )
            moves.hint_capped(change, job.owner_id, self.policy.caps.running)
            return verdict.state

    def stop(self, tenure: Tenure, stopped: Stopped) -> JobState | None:
        """End a run that was stopped: a cancel is final, a drain costs no attempt."""
        with self.change(tenure.owner) as change:
            job = moves.held(change, tenure)
            if job is None:
                return None
            job = _at_stage(job, stopped.stage)
            if stopped.why == "cancelled" or job.cancel_requested_at is not None:
                return self._end(change, tenure, job, "cancelled")
            moves.requeue(change, tenure, job, verdict=moves.given_back(job), why=stopped.why)
            return "queued"

    def _end(self, change: Change, tenure: Tenure, job: Job, state: JobState) -> JobState:
        moves.end(change, tenure, job, state=state)
        moves.hint_capped(change, job.owner_id, self.policy.caps.running)
        return state

    def standing(self, job_id: str) -> Standing:
        """Say what a stream entry that names this job is still good for."""
        with self.database.read() as connection:
            row = one(connection, "SELECT state FROM jobs WHERE id = ?", (job_id,))
            if row is None:
                return "unknown"
            if row["state"] == "queued":
                return "queued"
            if row["state"] != "running":
                return "final"
            now_s = self.clock.now().timestamp()
            return "held" if leases.is_live(connection, job_id, now_s=now_s) else "stranded"


def known(change: Change, job_id: str, owner: str | None) -> Job:
    return owned(moves.find(change, job_id), job_id, owner)


def owned(job: Job | None, job_id: str, owner: str | None) -> Job:
    if job is None or owner not in (None, job.owner_id):
        raise NotFoundError("jobs.no_such_job", job=job_id)
    return job


def _at_stage(job: Job, stage: str) -> Job:
    return replace(job, progress=replace(job.progress, stage=stage)) if stage else job


def _note_fenced(change: Change, tenure: Tenure, what: str) -> None:
    change.record("fenced", job_id=tenure.job_id, epoch=tenure.epoch, what=what)
