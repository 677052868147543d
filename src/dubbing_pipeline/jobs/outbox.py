"""Table ``queue_outbox``: hints that still have to be sent.

A ``start`` row lives as long as its job is not final; whatever happens to Redis, the row can be
set to ``pending`` again. A ``cancel`` row lives until the running job has stopped. Rows have no
owner: any process may send any row, and sending twice is harmless.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dubbing_pipeline.utils.sqlite import Connection

HintKind = Literal["start", "cancel"]
SentState = Literal["sent", "sent_l1"]

ATTEMPTS_BEFORE_ERROR = 10

_PENDING = """
INSERT INTO queue_outbox (job_id, kind, state, created_at, updated_at, next_try_at)
VALUES (:job, :kind, 'pending', :now, :now, :at)
ON CONFLICT (job_id, kind) DO UPDATE SET state = 'pending', attempts = 0, last_error = NULL,
  redis_entry_id = NULL, updated_at = :now, next_try_at = :at
"""
_DUE = """
SELECT o.job_id, o.kind, o.attempts, j.priority, j.created_at, j.owner_id,
  coalesce(json_extract(j.spec, '$.mode'), '') AS mode
FROM queue_outbox o JOIN jobs j ON j.id = o.job_id
WHERE o.state IN ('pending', 'error') AND o.next_try_at <= ?
ORDER BY o.next_try_at, o.job_id LIMIT ?
"""
# A row that was set to pending again while its hint was on the way stays pending.
_SENT = """
UPDATE queue_outbox SET state = :state, redis_entry_id = :entry, updated_at = :now
WHERE job_id = :job AND kind = :kind AND state IN ('pending', 'error')
"""
_FAILED = f"""
UPDATE queue_outbox SET attempts = attempts + 1, last_error = :error, updated_at = :now,
  next_try_at = :at,
  state = CASE WHEN attempts + 1 >= {ATTEMPTS_BEFORE_ERROR} THEN 'error' ELSE 'pending' END
WHERE job_id = :job AND kind = :kind AND state IN ('pending', 'error')
"""  # noqa: S608 - a number of ours
_POSTPONE = """
UPDATE queue_outbox SET state = 'pending', next_try_at = :at, updated_at = :now
WHERE job_id = :job AND kind = 'start'
"""


@dataclass(frozen=True, slots=True)
class DueHint:
    """A row to send, with what the stream's entry says of its job."""

    job_id: str
    kind: HintKind
    attempts: int
    priority: int
    created_at: str
    owner_id: str
    mode: str


@dataclass(frozen=True, slots=True)
class SentHint:
    """A row that went out: where to, and under which entry id (None in level 1)."""

    job_id: str
    kind: HintKind
    state: SentState
    entry_id: str | None = None


def set_pending(
    connection: Connection, job_id: str, *, now: str, at: str, kind: HintKind = "start"
) -> None:
    """Say that a hint has to be sent, not before ``at``."""
    connection.execute(_PENDING, {"job": job_id, "kind": kind, "now": now, "at": at})


def due(connection: Connection, *, now: str, limit: int) -> tuple[DueHint, ...]:
    rows = connection.execute(_DUE, (now, limit))
    return tuple(
        DueHint(
            job_id=row["job_id"],
            kind=row["kind"],
            attempts=row["attempts"],
            priority=row["priority"],
            created_at=row["created_at"],
            owner_id=row["owner_id"],
            mode=row["mode"],
        )
        for row in rows
    )


def mark_sent(connection: Connection, hints: Sequence[SentHint], *, now: str) -> None:
    connection.executemany(
        _SENT,
        [
            {
                "state": hint.state,
                "entry": hint.entry_id,
                "now": now,
                "job": hint.job_id,
                "kind": hint.kind,
            }
            for hint in hints
        ],
    )


def mark_failed(connection: Connection, hint: DueHint, *, now: str, at: str, error: str) -> None:
    """Note that a hint could not be sent; it stays due, from ``at`` on."""
    connection.execute(
        _FAILED, {"error": error, "now": now, "at": at, "job": hint.job_id, "kind": hint.kind}
    )


def postpone(connection: Connection, job_id: str, *, now: str, at: str) -> None:
    """Send the hint of a job that is not final again, from ``at`` on."""
    connection.execute(_POSTPONE, {"job": job_id, "now": now, "at": at})


def remove(connection: Connection, job_id: str) -> None:
    """Take the rows of a job that has become final."""
    connection.execute("DELETE FROM queue_outbox WHERE job_id = ?", (job_id,))


def pending_count(connection: Connection) -> int:
    statement = "SELECT count(*) FROM queue_outbox WHERE state IN ('pending', 'error')"
    return int(connection.execute(statement).fetchone()[0])


def has_local(connection: Connection) -> bool:
    """Tell whether a queued job's hint went to level 1, so that only polling finds it."""
    statement = (
        "SELECT 1 FROM queue_outbox o JOIN jobs j ON j.id = o.job_id"
        " WHERE o.state = 'sent_l1' AND j.state = 'queued' LIMIT 1"
    )
    return connection.execute(statement).fetchone() is not None
