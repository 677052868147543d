"""Table ``queue_events``: what jobs and the queue did, append-only.

It is the audit of the queue, the source of its numbers, and the history that fault tests check.
"""

import json
from dataclasses import dataclass
from typing import Any

from dubbing_pipeline.jobs.rows import to_json
from dubbing_pipeline.utils.sqlite import Connection

_INSERT = (
    "INSERT INTO queue_events (at, event, job_id, epoch, actor, detail) VALUES (?, ?, ?, ?, ?, ?)"
)
_SINCE = (
    "SELECT * FROM queue_events WHERE seq > :seq AND (:job IS NULL OR job_id = :job)"
    " ORDER BY seq LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history. ``job_id`` is None for what the queue did as a whole."""

    seq: int
    at: str
    event: str
    job_id: str | None
    epoch: int | None
    actor: str
    detail: dict[str, Any]


def record(
    connection: Connection,
    *,
    at: str,
    event: str,
    actor: str,
    job_id: str | None = None,
    epoch: int | None = None,
    **detail: Any,
) -> None:
    """Append one event in the transaction of the change that it tells of."""
    connection.execute(_INSERT, (at, event, job_id, epoch, actor, to_json(detail)))


def since(
    connection: Connection, *, seq: int = 0, job_id: str | None = None, limit: int = 1000
) -> tuple[Event, ...]:
    """Read events after a number, the oldest first."""
    rows = connection.execute(_SINCE, {"seq": seq, "job": job_id, "limit": limit})
    return tuple(
        Event(
            seq=row["seq"],
            at=row["at"],
            event=row["event"],
            job_id=row["job_id"],
            epoch=row["epoch"],
            actor=row["actor"],
            detail=json.loads(row["detail"]),
        )
        for row in rows
    )
