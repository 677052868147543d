"""Tables ``notify_targets`` and ``notifications``: what people shall be told, and where.

Rows are written in the transaction of the change they tell of, and claimed by a row lease, so a
notice is sent at least once, with an id that stays the same, for at most 24 hours.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.model.job import Job

GIVE_UP_AFTER = timedelta(hours=24)
ROW_LEASE = timedelta(seconds=60)
FIRST_RETRY_S = 10.0
LONGEST_RETRY_S = 3600.0

_TARGETS = """
SELECT t.id FROM notify_targets t, json_each(t.events) e
WHERE t.owner_id = ? AND e.value = ?
"""
_INSERT = """
INSERT INTO notifications (id, target_id, job_id, event, state, next_try_at, created_at)
VALUES (:id, :target, :job, :event, 'pending', :now, :now) ON CONFLICT DO NOTHING
"""
_CLAIM = """
UPDATE notifications SET claimed_by = :owner, claimed_until = :until
WHERE id IN (
  SELECT id FROM notifications WHERE state = 'pending' AND next_try_at <= :now
    AND (claimed_until IS NULL OR claimed_until <= :now)
  ORDER BY next_try_at LIMIT :limit)
RETURNING id
"""
_READ = """
SELECT n.id, n.job_id, n.event, n.attempts, n.created_at, j.title, j.state, j.reason, t.kind,
  t.sealed_url, t.private_allowed, t.locale
FROM notifications n JOIN notify_targets t ON t.id = n.target_id JOIN jobs j ON j.id = n.job_id
WHERE n.claimed_by = ? AND n.claimed_until = ? AND n.state = 'pending'
"""
_SENT = """
UPDATE notifications SET state = 'sent', claimed_by = NULL, claimed_until = NULL
WHERE id = :id AND claimed_by = :owner
"""
_FAILED = """
UPDATE notifications SET attempts = attempts + 1, last_error = :error, next_try_at = :at,
  claimed_by = NULL, claimed_until = NULL,
  state = CASE WHEN created_at <= :oldest THEN 'given_up' ELSE 'pending' END
WHERE id = :id AND claimed_by = :owner
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to send. ``id`` is the same with every try: receivers may drop doubles."""

    id: str
    job_id: str
    event: str
    title: str
    state: str
    attempts: int
    kind: Literal["webhook", "ntfy"]
    sealed_url: bytes
    private_allowed: bool
    locale: str


def write(change: Change, job: Job, *, event: str) -> None:
    """Write one row for each target of the owner that wants this event; respeaks are silent."""
    if job.kind == "respeak":
        return
    for row in change.connection.execute(_TARGETS, (job.owner_id, event)).fetchall():
        name = f"{row['id']}:{job.id}:{job.epoch}:{event}"
        values = {
            "id": hashlib.sha256(name.encode()).hexdigest()[:32],
            "target": row["id"],
            "job": job.id,
            "event": event,
            "now": change.at,
        }
        change.connection.execute(_INSERT, values)


def claim(change: Change, *, limit: int = 10) -> tuple[Notice, ...]:
    """Take notices that are due; nobody else gets them for a minute."""
    until = change.after(ROW_LEASE)
    values = {"owner": change.actor, "until": until, "now": change.at, "limit": limit}
    if not change.connection.execute(_CLAIM, values).fetchall():
        return ()
    return tuple(
        Notice(
            id=row["id"],
            job_id=row["job_id"],
            event=row["event"],
            title=row["title"],
            state=row["state"],
            attempts=row["attempts"],
            kind=row["kind"],
            sealed_url=row["sealed_url"],
            private_allowed=bool(row["private_allowed"]),
            locale=row["locale"],
        )
        for row in change.connection.execute(_READ, (change.actor, until))
    )


def mark_sent(change: Change, notice_id: str) -> None:
    change.connection.execute(_SENT, {"id": notice_id, "owner": change.actor})


def mark_failed(change: Change, notice: Notice, *, error: str) -> None:
    """Try again later, or give up when the notice is a day old."""
    delay_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(notice.attempts, 12))
    values = {
        "id": notice.id,
        "owner": change.actor,
        "error": error,
        "at": change.after(timedelta(seconds=delay_s)),
        "oldest": change.after(-GIVE_UP_AFTER),
    }
    change.connection.execute(_FAILED, values)
