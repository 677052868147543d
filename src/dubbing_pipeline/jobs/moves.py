"""Changes of a job's state: each one UPDATE whose WHERE names the old state.

Leaving ``running`` also names epoch and lease owner, and the row count decides: 0 rows mean that
the lease was lost, and then nothing of the transaction may stay.
"""

from dubbing_pipeline.jobs import claims, leases, notices, outbox
from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.jobs.leases import Tenure
from dubbing_pipeline.jobs.policy import Verdict
from dubbing_pipeline.jobs.rows import JOB_COLUMNS, job_from, reason_json
from dubbing_pipeline.model.job import Attempts, Job, JobState, Reason
from dubbing_pipeline.utils.sqlite import one

_HELD = """
  id = :job AND state = 'running' AND epoch = :epoch AND EXISTS (
    SELECT 1 FROM job_leases l WHERE l.job_id = jobs.id AND l.epoch = :epoch
      AND l.lease_owner = :owner)
"""
_LEAVE = f"""
UPDATE jobs SET state = :state, available_at = :available, finished_at = :finished,
  reason = :reason, stage = :stage, attempts_error = :errors, attempts_crash = :crashes,
  attempts_interrupted = :interruptions
WHERE {_HELD}
"""  # noqa: S608 - constants of ours
_CANCEL_QUEUED = """
UPDATE jobs SET state = 'cancelled', paused = 0, finished_at = :now, cancel_requested_at = :now
WHERE id = :job AND state = 'queued'
"""
_ASK_CANCEL = """
UPDATE jobs SET cancel_requested_at = :now
WHERE id = :job AND state = 'running' AND cancel_requested_at IS NULL
"""
_REQUEUE_FINAL = """
UPDATE jobs SET state = 'queued', finished_at = NULL, reason = NULL, available_at = NULL,
  cancel_requested_at = NULL, attempts_error = 0, attempts_crash = 0, attempts_interrupted = 0
WHERE id = :job AND state IN ('failed', 'cancelled', 'quarantined') AND deleted_at IS NULL
"""

_NOTICED: frozenset[JobState] = frozenset({"done", "failed", "quarantined"})


def find(change: Change, job_id: str) -> Job | None:
    row = one(change.connection, f"SELECT {JOB_COLUMNS} WHERE jobs.id = ?", (job_id,))
    return None if row is None else job_from(row)


def held(change: Change, tenure: Tenure) -> Job | None:
    """Give the job of a tenure, or None when the lease is lost."""
    statement = f"SELECT {JOB_COLUMNS} WHERE jobs.id IN (SELECT id FROM jobs WHERE {_HELD})"  # noqa: S608
    row = one(change.connection, statement, _named(tenure))
    return None if row is None else job_from(row)


def requeue(change: Change, tenure: Tenure, job: Job, *, verdict: Verdict, why: str) -> None:
    """Put a running job back into the queue, to be hinted when it is due."""
    at = change.after(verdict.delay)
    available = at if verdict.delay else None
    _leave(change, tenure, job, state="queued", attempts=verdict.attempts, available_at=available)
    outbox.set_pending(change.connection, job.id, now=change.at, at=at)
    change.record(
        "requeued",
        job_id=job.id,
        epoch=tenure.epoch,
        why=why,
        stage=job.progress.stage,
        delay_s=verdict.delay.total_seconds(),
    )


def given_back(job: Job) -> Verdict:
    """Judge a run that was ended in order: at once again, and no attempt is counted."""
    return Verdict("queued", job.attempts)


def end(
    change: Change,
    tenure: Tenure,
    job: Job,
    *,
    state: JobState,
    reason: Reason | None = None,
    attempts: Attempts | None = None,
) -> None:
    """Make a running job final, with all that belongs to that."""
    _leave(change, tenure, job, state=state, reason=reason, attempts=attempts or job.attempts)
    outbox.remove(change.connection, job.id)
    detail = {} if reason is None else {"reason": reason.code}
    change.record(state, job_id=job.id, epoch=tenure.epoch, **detail)
    if state in _NOTICED:
        notices.write(change, job, event=state)


def _leave(
    change: Change,
    tenure: Tenure,
    job: Job,
    *,
    state: JobState,
    attempts: Attempts,
    reason: Reason | None = None,
    available_at: str | None = None,
) -> None:
    values = {
        **_named(tenure),
        "state": state,
        "available": available_at,
        "finished": None if state == "queued" else change.at,
        "reason": None if reason is None else reason_json(reason),
        "stage": job.progress.stage,
        "errors": attempts.errors,
        "crashes": attempts.crashes,
        "interruptions": attempts.interruptions,
    }
    change.connection.execute(_LEAVE, values)
    leases.end(change.connection, tenure, now=change.at)
    claims.note_served(change.connection, job.id, now=change.now)


def hint_capped(change: Change, owner_id: str, cap: int) -> None:
    """Send one more hint when a job that ended made room below its owner's cap."""
    if cap == 0:
        return
    waiting = claims.oldest_waiting_dub(change.connection, owner_id, now=change.now)
    if waiting is not None:
        outbox.set_pending(change.connection, waiting, now=change.at, at=change.at)


def cancel(change: Change, job_id: str) -> None:
    """Cancel a queued job at once, ask a running one to stop, leave a final one as it is."""
    values = {"job": job_id, "now": change.at}
    if change.connection.execute(_CANCEL_QUEUED, values).rowcount:
        outbox.remove(change.connection, job_id)
        change.record("cancelled", job_id=job_id)
    elif change.connection.execute(_ASK_CANCEL, values).rowcount:
        outbox.set_pending(change.connection, job_id, now=change.at, at=change.at, kind="cancel")
        change.record("cancel_requested", job_id=job_id)


def queue_again(change: Change, job_id: str) -> bool:
    """Queue a final job again with fresh attempts; its epoch goes on from where it was."""
    if not change.connection.execute(_REQUEUE_FINAL, {"job": job_id}).rowcount:
        return False
    outbox.set_pending(change.connection, job_id, now=change.at, at=change.at)
    change.record("retried", job_id=job_id)
    return True


def _named(tenure: Tenure) -> dict[str, object]:
    return {"job": tenure.job_id, "epoch": tenure.epoch, "owner": tenure.owner}
