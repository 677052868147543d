"""``Upkeep``: the store's side of the loops: outbox, reaping, reconciling, processes, old rows.

Each public method is one transaction. Any process may call any of them at any time; where one
is enough for the host, ``hold_duty`` gives it to one for a few seconds.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dubbing_pipeline.jobs import claims, leases, moves, notices, outbox, results, trash
from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.jobs.leases import Expired
from dubbing_pipeline.jobs.notices import Notice
from dubbing_pipeline.jobs.outbox import DueHint, SentHint
from dubbing_pipeline.jobs.policy import judge
from dubbing_pipeline.jobs.results import Output
from dubbing_pipeline.jobs.rows import stamp, to_json
from dubbing_pipeline.jobs.runs import RunStore
from dubbing_pipeline.model.job import Attempts, Job, JobState, Reason
from dubbing_pipeline.utils.sqlite import Connection, one

SEND_RETRY_FIRST_S = 0.5
SEND_RETRY_LONGEST_S = 30.0
PROCESS_LIFE = timedelta(seconds=30)
"""A process that has not beaten for so long counts as gone."""
PROCESS_MEMORY = timedelta(days=1)
EVENT_MEMORY = timedelta(days=30)

_DUTY = """
INSERT INTO duties (name, holder, held_until) VALUES (:name, :holder, :until)
ON CONFLICT (name) DO UPDATE SET holder = :holder, held_until = :until
WHERE holder = :holder OR held_until <= :now OR held_until > :bogus
"""
_PROCESS = """
INSERT INTO processes (incarnation, role, release, level, wanted_level, reason, since,
  started_at, beat_at, counters)
VALUES (:incarnation, :role, :release, :level, :wanted, :reason, :since, :now, :now, :counters)
ON CONFLICT (incarnation) DO UPDATE SET level = :level, wanted_level = :wanted,
  reason = :reason, since = :since, beat_at = :now, counters = :counters
"""
_COUNTS = """
SELECT
  (SELECT count(*) FROM jobs WHERE state = 'running') AS running,
  (SELECT count(*) FROM jobs WHERE state = 'queued') AS queued,
  (SELECT count(*) FROM queue_outbox WHERE state IN ('pending', 'error')) AS outbox_pending,
  (SELECT min(next_try_at) FROM queue_outbox WHERE state IN ('pending', 'error')) AS oldest
"""
_OLD = (
    "DELETE FROM queue_events WHERE at < :events",
    "DELETE FROM idempotency WHERE expires_at < :now",
    "DELETE FROM processes WHERE beat_at < :processes",
    "DELETE FROM notifications WHERE state <> 'pending' AND created_at < :events",
)


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """What a process says of itself with each beat."""

    incarnation: str
    role: str
    release: str
    level: int
    wanted_level: int
    reason: str
    since: str
    counters: Mapping[str, float]
    beat_at: str = ""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How much there is. ``oldest_pending`` is when the longest waiting hint was due."""

    running: int
    queued: int
    outbox_pending: int
    oldest_pending: str | None


class Upkeep:
    """What loops do to the store, in the name of one process."""

    def __init__(self, store: RunStore, incarnation: str) -> None:
        self._store = store
        self._incarnation = incarnation

    # Outbox

    def due_hints(self, limit: int = 100) -> tuple[DueHint, ...]:
        with self._store.database.read() as connection:
            return outbox.due(connection, now=stamp(self._store.clock.now()), limit=limit)

    def mark_sent(self, hints: Sequence[SentHint]) -> None:
        with self._store.change(self._incarnation) as change:
            outbox.mark_sent(change.connection, hints, now=change.at)

    def mark_failed(self, hints: Sequence[DueHint], error: str) -> None:
        """Keep hints pending, each with a growing pause before the next try."""
        with self._store.change(self._incarnation) as change:
            for hint in hints:
                pause_s = min(
                    SEND_RETRY_LONGEST_S, SEND_RETRY_FIRST_S * 2.0 ** min(hint.attempts, 20)
                )
                at = change.after(timedelta(seconds=pause_s))
                outbox.mark_failed(change.connection, hint, now=change.at, at=at, error=error)

    def retry_hints_now(self) -> None:
        """Make every unsent hint due: the road has changed."""
        with self._store.change(self._incarnation) as change:
            change.connection.execute(
                "UPDATE queue_outbox SET next_try_at = :now"
                " WHERE state IN ('pending', 'error') AND attempts > 0 AND next_try_at > :now",
                {"now": change.at},
            )

    def postpone(self, job_id: str, delay_s: float) -> None:
        """Give a permit back: the job's hint is sent again after a while."""
        with self._store.change(self._incarnation) as change:
            at = change.after(timedelta(seconds=delay_s))
            outbox.postpone(change.connection, job_id, now=change.at, at=at)

    def has_local_work(self) -> bool:
        """Tell whether a queued job's hint went to level 1."""
        with self._store.database.read() as connection:
            return outbox.has_local(connection)

    def oldest_entry(self) -> str | None:
        """Give the lowest stream entry id that a job that is not final still names."""
        statement = "SELECT min(redis_entry_id) FROM queue_outbox WHERE state = 'sent'"
        with self._store.database.read() as connection:
            row = one(connection, statement)
        return row[0] if row else None

    # Recovery

    def reap(self, ttl_s: float) -> tuple[tuple[str, JobState], ...]:
        """Take jobs back whose lease ran out: an interruption each.

        Returns:
            Job ids and what became of them.
        """
        store = self._store
        now_s = store.clock.now().timestamp()
        with store.database.read() as connection:
            if not leases.expired(
                connection, now_s=now_s, ttl_s=ttl_s, boot_id=store.boot_id, limit=1
            ):
                return ()
        with store.change(self._incarnation) as change:
            found = leases.expired(
                change.connection,
                now_s=change.now.timestamp(),
                ttl_s=ttl_s,
                boot_id=store.boot_id,
            )
            return tuple((lease.tenure.job_id, self._reap(change, lease)) for lease in found)

    def _reap(self, change: Change, lease: Expired) -> JobState:
        tenure = lease.tenure
        job = moves.held(change, tenure)
        if job is None:
            return "queued"
        change.record("reaped", job_id=job.id, epoch=tenure.epoch, owner=tenure.owner)
        if job.cancel_requested_at is not None:
            moves.end(change, tenure, job, state="cancelled")
            return "cancelled"
        policy = self._store.policy
        verdict = judge(job.attempts, "interruption", policy.retries, self._store.chance)
        if verdict.state == "queued":
            moves.requeue(change, tenure, job, verdict=verdict, why="interruption")
        else:
            self._quarantine(change, lease, job, verdict.attempts)
        return verdict.state

    def _quarantine(self, change: Change, lease: Expired, job: Job, attempts: Attempts) -> None:
        reason = Reason(
            "jobs.interrupted_too_often",
            {"times": attempts.interruptions, "stage": lease.stage},
        )
        moves.end(change, lease.tenure, job, state="quarantined", reason=reason, attempts=attempts)

    def missing_hints(self, unread: int, *, limit: int = 100) -> int:
        """Compare runnable jobs with unread hints and send the missing ones again.

        Args:
            unread: Entries of the stream that nobody has read.
            limit: The most to send again in one go.

        Returns:
            How many hints were set to pending.
        """
        store = self._store
        cap = store.policy.caps.running
        with store.database.read() as connection:
            hinted = claims.hinted_runnable(connection, now=store.clock.now(), cap=cap)
        if hinted <= unread:
            return 0
        with store.change(self._incarnation) as change:
            count = min(limit, hinted - unread)
            jobs = claims.oldest_hinted(change.connection, now=change.now, limit=count)
            for job_id in jobs:
                outbox.postpone(change.connection, job_id, now=change.at, at=change.at)
            change.record("rehinted", count=len(jobs), unread=unread, runnable=hinted)
            return len(jobs)

    def hold_duty(self, name: str, seconds: float) -> bool:
        """Take a duty that one process does for all, unless another holds it."""
        with self._store.change(self._incarnation) as change:
            values = {
                "name": name,
                "holder": self._incarnation,
                "now": change.at,
                "until": change.after(timedelta(seconds=seconds)),
                "bogus": change.after(timedelta(seconds=10 * seconds)),
            }
            return change.connection.execute(_DUTY, values).rowcount == 1

    # Output folder and notices

    def pending_outputs(self, limit: int = 10) -> tuple[Output, ...]:
        with self._store.database.read() as connection:
            return results.pending_outputs(connection, limit=limit)

    def mark_published(self, output: Output, path: str) -> bool:
        with self._store.change(self._incarnation) as change:
            return results.mark_published(change, output, path)

    def mark_unpublished(self, output: Output, error: str) -> None:
        with self._store.change(self._incarnation) as change:
            results.mark_unpublished(change, output, error)

    def claim_notices(self) -> tuple[Notice, ...]:
        with self._store.change(self._incarnation) as change:
            return notices.claim(change)

    def notice_sent(self, notice: Notice) -> None:
        with self._store.change(self._incarnation) as change:
            notices.mark_sent(change, notice.id)

    def notice_failed(self, notice: Notice, error: str) -> None:
        with self._store.change(self._incarnation) as change:
            notices.mark_failed(change, notice, error=error)

    # What the operator sees

    def beat_process(self, row: ProcessRow) -> None:
        """Say that this process lives, and how it stands."""
        with self._store.change(self._incarnation) as change:
            values = {
                "incarnation": row.incarnation,
                "role": row.role,
                "release": row.release,
                "level": row.level,
                "wanted": row.wanted_level,
                "reason": row.reason,
                "since": row.since,
                "counters": to_json(row.counters),
                "now": change.at,
            }
            change.connection.execute(_PROCESS, values)

    def leave(self) -> None:
        """Take this process's row away: it ends in order."""
        with self._store.change(self._incarnation) as change:
            change.connection.execute(
                "DELETE FROM processes WHERE incarnation = ?", (self._incarnation,)
            )

    def live_processes(self) -> tuple[ProcessRow, ...]:
        """List processes that have beaten lately."""
        oldest = stamp(self._store.clock.now() - PROCESS_LIFE)
        statement = "SELECT * FROM processes WHERE beat_at >= ? ORDER BY started_at"
        with self._store.database.read() as connection:
            return tuple(_process(row) for row in connection.execute(statement, (oldest,)))

    def counts(self) -> QueueCounts:
        with self._store.database.read() as connection:
            return _counts(connection)

    def note(self, event: str, **detail: Any) -> None:
        """Write an event of the queue as a whole, such as a level switch."""
        with self._store.change(self._incarnation) as change:
            change.record(event, **detail)

    def purge_trash(self) -> tuple[str, ...]:
        """Delete jobs that lay in the trash for a week; gives their files in the output folder."""
        with self._store.change(self._incarnation) as change:
            return trash.purge(change)

    def named_artifacts(self) -> Collection[str]:
        """Give every artifact key that a row names."""
        with self._store.database.read() as connection:
            return trash.named(connection)

    def forget_old(self) -> int:
        """Delete rows nobody needs any more: old events, keys, processes, notices."""
        with self._store.change(self._incarnation) as change:
            values = {
                "now": change.at,
                "events": change.after(-EVENT_MEMORY),
                "processes": change.after(-PROCESS_MEMORY),
            }
            return sum(change.connection.execute(old, values).rowcount for old in _OLD)


def _counts(connection: Connection) -> QueueCounts:
    row = connection.execute(_COUNTS).fetchone()
    return QueueCounts(
        running=row["running"],
        queued=row["queued"],
        outbox_pending=row["outbox_pending"],
        oldest_pending=row["oldest"],
    )


def _process(row: Mapping[str, Any]) -> ProcessRow:
    return ProcessRow(
        incarnation=row["incarnation"],
        role=row["role"],
        release=row["release"],
        level=row["level"],
        wanted_level=row["wanted_level"],
        reason=row["reason"],
        since=row["since"],
        counters=json.loads(row["counters"]),
        beat_at=row["beat_at"],
    )
