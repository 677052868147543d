"""The claim statement: which job runs next. Level 1, level 2 and every process share it.

Order: class, raised by one for each ten minutes that the owner's jobs of that class went
unserved; then the owner with the fewest running jobs; then the owner served longest ago; then
age. Waiting is counted from the later of "made" and "last served", so a large backlog of one
owner does not age past a newcomer, while a class that is passed over all the time still rises.

Only the oldest job of each (owner, class, kind) can be next, so ten thousand waiting jobs cost
one pass over a covering index and the sorting of a few rows.
"""

from datetime import datetime, timedelta

from dubbing_pipeline.jobs.rows import stamp
from dubbing_pipeline.utils.sqlite import Connection, one

AGING_S = 600
LONGEST_DELAY = timedelta(minutes=15)
"""No retry waits longer. A later ``available_at`` is from a clock that was set back, so it is due."""

_WAITING = """
  state = 'queued' AND paused = 0 AND cancel_requested_at IS NULL
  AND (available_at IS NULL OR available_at <= :now OR available_at > :horizon)
"""

_NEXT = f"""
WITH
running AS (
  SELECT owner_id, count(*) AS jobs, sum(kind = 'dub') AS dubs
  FROM jobs WHERE state = 'running' GROUP BY owner_id),
waiting AS (
  SELECT owner_id, priority, kind, id, min(created_at) AS created_at
  FROM jobs WHERE {_WAITING} AND (:kind IS NULL OR kind = :kind)
  GROUP BY owner_id, priority, kind),
served AS (SELECT owner_id, max(served_at) AS served_at FROM owner_turns GROUP BY owner_id)
SELECT w.id
FROM waiting w
LEFT JOIN running r ON r.owner_id = w.owner_id
LEFT JOIN served s ON s.owner_id = w.owner_id
LEFT JOIN owner_turns t ON t.owner_id = w.owner_id AND t.priority = w.priority
WHERE w.kind <> 'dub' OR :cap = 0 OR coalesce(r.dubs, 0) < :cap
ORDER BY
  max(0, w.priority - max(0, unixepoch(:now)
    - unixepoch(max(w.created_at, coalesce(t.served_at, '')))) / {AGING_S}),
  coalesce(r.jobs, 0), coalesce(s.served_at, ''), coalesce(t.served_at, ''), w.created_at, w.id
LIMIT :limit
"""  # noqa: S608 - constants of ours
_RUN = """
UPDATE jobs SET state = 'running', epoch = epoch + 1, started_at = :now, available_at = NULL,
  reason = NULL
WHERE id = :job AND state = 'queued' AND paused = 0 AND cancel_requested_at IS NULL
RETURNING epoch
"""
_SERVED = """
INSERT INTO owner_turns (owner_id, priority, served_at)
SELECT owner_id, priority, :now FROM jobs WHERE id = :job
ON CONFLICT (owner_id, priority) DO UPDATE SET served_at = :now
"""
_COUNTS = f"""
SELECT j.owner_id, j.kind = 'dub' AS is_dub, count(*) AS jobs
FROM jobs j JOIN queue_outbox o ON o.job_id = j.id AND o.kind = 'start' AND o.state = 'sent'
WHERE {_WAITING.replace("state =", "j.state =")}
GROUP BY j.owner_id, is_dub
"""  # noqa: S608 - constants of ours
_RUNNING_DUBS = (
    "SELECT owner_id, count(*) FROM jobs WHERE state = 'running' AND kind = 'dub' GROUP BY owner_id"
)
_OLDEST_SENT = f"""
SELECT j.id FROM jobs j
JOIN queue_outbox o ON o.job_id = j.id AND o.kind = 'start' AND o.state = 'sent'
WHERE {_WAITING.replace("state =", "j.state =")}
ORDER BY j.created_at, j.id LIMIT :limit
"""  # noqa: S608 - constants of ours
_OLDEST_DUB = f"""
SELECT id FROM jobs WHERE {_WAITING} AND kind = 'dub' AND owner_id = :owner
ORDER BY created_at LIMIT 1
"""  # noqa: S608 - constants of ours


def _times(now: datetime) -> dict[str, object]:
    return {"now": stamp(now), "horizon": stamp(now + LONGEST_DELAY)}


def runnable(
    connection: Connection, *, now: datetime, cap: int, kind: str | None = None, limit: int = 1
) -> tuple[str, ...]:
    """Name jobs that could be claimed now, the next one first.

    At most one of each (owner, class, kind) is named: more than enough to know that there is work.

    Args:
        connection: Any connection to the store.
        now: The wall clock's time.
        cap: How many dubs of one owner may run; 0 is no limit.
        kind: Only jobs of this kind.
        limit: How many names to give.
    """
    values = {**_times(now), "cap": cap, "kind": kind, "limit": limit}
    return tuple(row["id"] for row in connection.execute(_NEXT, values))


def start(connection: Connection, job_id: str, *, now: datetime) -> int | None:
    """Move a job from queued to running, one epoch further.

    Returns:
        The new epoch, or None when the job cannot be claimed any more.
    """
    row = one(connection, _RUN, {"job": job_id, "now": stamp(now)})
    if row is None:
        return None
    note_served(connection, job_id, now=now)
    return int(row["epoch"])


def note_served(connection: Connection, job_id: str, *, now: datetime) -> None:
    """Remember that a job's owner was being served until now."""
    connection.execute(_SERVED, {"job": job_id, "now": stamp(now)})


def hinted_runnable(connection: Connection, *, now: datetime, cap: int) -> int:
    """Count the runnable jobs whose hint was sent to Redis; capped ones are not runnable."""
    running = dict(connection.execute(_RUNNING_DUBS).fetchall())
    total = 0
    for row in connection.execute(_COUNTS, _times(now)):
        free = max(0, cap - running.get(row["owner_id"], 0))
        total += min(row["jobs"], free) if row["is_dub"] and cap else row["jobs"]
    return total


def oldest_hinted(connection: Connection, *, now: datetime, limit: int) -> tuple[str, ...]:
    """Name the oldest waiting jobs whose hint was sent to Redis."""
    rows = connection.execute(_OLDEST_SENT, {**_times(now), "limit": limit})
    return tuple(row["id"] for row in rows)


def oldest_waiting_dub(connection: Connection, owner_id: str, *, now: datetime) -> str | None:
    row = one(connection, _OLDEST_DUB, {**_times(now), "owner": owner_id})
    return None if row is None else str(row["id"])
