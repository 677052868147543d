"""What is checked inside the transaction that makes a job: gate, caps, repeated requests.

Counting inside the transaction is what holds a cap when two instances submit at once.
"""

from datetime import timedelta

from dubbing_pipeline.errors import Conflict, LimitReached, RefusedError
from dubbing_pipeline.jobs import outbox
from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.jobs.policy import Policy
from dubbing_pipeline.jobs.rows import stamp, to_json
from dubbing_pipeline.model.job import NewJob
from dubbing_pipeline.utils.sqlite import Connection, one

KEY_LIFETIME = timedelta(hours=24)

_INSERT_JOB = """
INSERT INTO jobs (id, kind, parent_job_id, input_id, owner_id, title, state, priority, spec,
  paused, created_at)
VALUES (:id, :kind, :parent, :input, :owner, :title, 'queued', :priority, :spec, :paused, :now)
"""
_KEY = "SELECT body_hash, job_id FROM idempotency WHERE owner_id = ? AND key = ? AND expires_at > ?"
_REMEMBER = """
INSERT INTO idempotency (owner_id, key, body_hash, job_id, expires_at)
VALUES (:owner, :key, :hash, :job, :expires)
ON CONFLICT (owner_id, key) DO UPDATE SET body_hash = :hash, job_id = :job, expires_at = :expires
"""
_QUEUED = "SELECT count(*) FROM jobs WHERE owner_id = ? AND kind = 'dub' AND state = 'queued'"
_TODAY = "SELECT count(*) FROM jobs WHERE owner_id = ? AND kind = 'dub' AND created_at >= ?"


def gate_is_open(connection: Connection) -> bool:
    row = one(connection, "SELECT value FROM store_meta WHERE name = 'gate'")
    return row is not None and row["value"] == "open"


def require_open_gate(connection: Connection) -> None:
    """Refuse while the store is closed for an upgrade.

    Raises:
        RefusedError: As said.
    """
    if not gate_is_open(connection):
        raise RefusedError("jobs.gate_closed")


def repeated(change: Change, *, owner_id: str, key: str, body_hash: str) -> str | None:
    """Give the job that the same request made within the last 24 hours.

    Raises:
        Conflict: The key was used for another request.
    """
    row = one(change.connection, _KEY, (owner_id, key, change.at))
    if row is None:
        return None
    if row["body_hash"] != body_hash:
        raise Conflict("jobs.key_reused", key=key, job=row["job_id"])
    return str(row["job_id"])


def remember(change: Change, *, owner_id: str, key: str, body_hash: str, job_id: str) -> None:
    values = {
        "owner": owner_id,
        "key": key,
        "hash": body_hash,
        "job": job_id,
        "expires": change.after(KEY_LIFETIME),
    }
    change.connection.execute(_REMEMBER, values)


def require_room(change: Change, owner_id: str, policy: Policy, *, new: bool = True) -> None:
    """Hold the caps on queued and daily dubs.

    Raises:
        LimitReached: One is full.
    """
    caps = policy.caps
    if caps.queued:
        queued = change.connection.execute(_QUEUED, (owner_id,)).fetchone()[0]
        if queued >= caps.queued:
            raise LimitReached("jobs.too_many_queued", queued=queued, cap=caps.queued)
    if caps.daily and new:
        start = stamp(policy.day_start(change.now))
        today = change.connection.execute(_TODAY, (owner_id, start)).fetchone()[0]
        if today >= caps.daily:
            raise LimitReached("jobs.too_many_today", today=today, cap=caps.daily)


def insert(change: Change, job_id: str, new: NewJob) -> None:
    """Write job, outbox row and event."""
    values = {
        "id": job_id,
        "kind": new.kind,
        "parent": new.parent_job_id,
        "input": new.input_id,
        "owner": new.owner_id,
        "title": new.title,
        "priority": new.priority,
        "spec": to_json(new.spec),
        "paused": int(new.paused),
        "now": change.at,
    }
    change.connection.execute(_INSERT_JOB, values)
    outbox.set_pending(change.connection, job_id, now=change.at, at=change.at)
    change.record("submitted", job_id=job_id, epoch=0, owner=new.owner_id)
