"""``JobStore``: the one truth about jobs. Each public method is one transaction.

This file holds what people do: submit, read, steer. What workers do is in ``runs``. All methods
are sync and may be called from several threads; a write waits for other writers only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dubbing_pipeline.errors import Conflict, NotFoundError
from dubbing_pipeline.jobs import admission, edits, events, inputs, moves, outbox
from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.jobs.inputs import Input
from dubbing_pipeline.jobs.results import Output, outputs_of
from dubbing_pipeline.jobs.rows import JOB_COLUMNS, job_from
from dubbing_pipeline.jobs.runs import RunStore, known, owned
from dubbing_pipeline.model.job import Job, NewJob, Priority
from dubbing_pipeline.model.ports import JobQuery
from dubbing_pipeline.model.speech import Edits
from dubbing_pipeline.utils.sqlite import one

_PAUSE = "UPDATE jobs SET paused = :on WHERE id = :job AND state = 'queued'"
_PRIORITY = "UPDATE jobs SET priority = :priority WHERE id = :job AND finished_at IS NULL"
_TRASH = (
    "UPDATE jobs SET deleted_at = :now"
    " WHERE id = :job AND finished_at IS NOT NULL AND deleted_at IS NULL"
)
_RESTORE = "UPDATE jobs SET deleted_at = NULL WHERE id = :job"
_LIST = f"""
SELECT {JOB_COLUMNS}
WHERE (:owner IS NULL OR jobs.owner_id = :owner) AND (:before IS NULL OR jobs.id < :before)
  AND (:states = '[]' OR jobs.state IN (SELECT value FROM json_each(:states)))
  AND (jobs.deleted_at IS NOT NULL) = :deleted
ORDER BY jobs.id DESC LIMIT :limit
"""  # noqa: S608 - constants of ours


class JobStore(RunStore):
    """All jobs of one host."""

    def create(
        self, new: NewJob, *, key: str | None = None, body: Mapping[str, Any] | None = None
    ) -> Job:
        """Make a job, its outbox row and its event; on disk when this returns.

        Args:
            new: What to make.
            key: A client's idempotency key; the same request gives the same job for 24 hours.
            body: What the key stands for; the job itself if None.

        Raises:
            RefusedError: The gate is closed, a cap is full, or the key was used otherwise.
        """
        body_hash = _hash(body if body is not None else asdict(new))
        with self.change(new.owner_id) as change:
            admission.require_open_gate(change.connection)
            job_id = None
            if key is not None:
                job_id = admission.repeated(
                    change, owner_id=new.owner_id, key=key, body_hash=body_hash
                )
            if job_id is None:
                job_id = self._create(change, new, key=key, body_hash=body_hash)
            return known(change, job_id, None)

    def _create(self, change: Change, new: NewJob, *, key: str | None, body_hash: str) -> str:
        if new.kind == "dub":
            admission.require_room(change, new.owner_id, self.policy)
        job_id = self.make_id(self.clock)
        admission.insert(change, job_id, new)
        if key is not None:
            admission.remember(
                change, owner_id=new.owner_id, key=key, body_hash=body_hash, job_id=job_id
            )
        return job_id

    def get(self, job_id: str, *, owner: str | None = None) -> Job:
        """Give a job; of another owner or unknown ones it says the same.

        Raises:
            NotFoundError: ``owner`` (None: anybody) has no such job.
        """
        statement = f"SELECT {JOB_COLUMNS} WHERE jobs.id = ?"
        with self.database.read() as connection:
            row = one(connection, statement, (job_id,))
        job = None if row is None else job_from(row)
        return owned(job, job_id, owner)

    def list_jobs(self, query: JobQuery, *, owner: str | None = None) -> tuple[Job, ...]:
        """List jobs, the newest first."""
        values = {
            "owner": owner,
            "before": query.before,
            "states": json.dumps(query.states),
            "deleted": int(query.deleted),
            "limit": query.limit,
        }
        with self.database.read() as connection:
            return tuple(job_from(row) for row in connection.execute(_LIST, values))

    def history(self, job_id: str | None = None, *, seq: int = 0) -> tuple[events.Event, ...]:
        """Give what happened after event number ``seq``, the oldest first."""
        with self.database.read() as connection:
            return events.since(connection, seq=seq, job_id=job_id, limit=100_000)

    def cancel(self, job_id: str, *, owner: str | None = None, actor: str = "") -> Job:
        """Stop a job; whichever of a cancel and a finish is committed first wins."""
        with self.change(actor or owner or "system") as change:
            known(change, job_id, owner)
            moves.cancel(change, job_id)
            return known(change, job_id, owner)

    def retry(self, job_id: str, *, owner: str | None = None) -> Job:
        """Queue a failed, cancelled or quarantined job again.

        Raises:
            Conflict: The job is in another state.
            LimitReached: The owner's queue is full.
        """
        with self.change(owner or "system") as change:
            job = known(change, job_id, owner)
            admission.require_open_gate(change.connection)
            if job.kind == "dub":
                admission.require_room(change, job.owner_id, self.policy, new=False)
            if not moves.queue_again(change, job_id):
                raise Conflict("jobs.not_retryable", job=job_id, state=job.state)
            return known(change, job_id, owner)

    def set_paused(self, job_id: str, *, paused: bool, owner: str | None = None) -> Job:
        """Hold a queued job back, or let it go.

        Raises:
            Conflict: The job is not queued.
        """
        with self.change(owner or "system") as change:
            job = known(change, job_id, owner)
            values = {"job": job_id, "on": int(paused)}
            if not change.connection.execute(_PAUSE, values).rowcount:
                raise Conflict("jobs.not_queued", job=job_id, state=job.state)
            if not paused:
                outbox.postpone(change.connection, job_id, now=change.at, at=change.at)
            change.record("paused" if paused else "resumed", job_id=job_id)
            return known(change, job_id, owner)

    def prioritize(self, job_id: str, priority: Priority, *, owner: str | None = None) -> Job:
        """Change the class of a job that has not ended.

        Raises:
            Conflict: It has.
        """
        with self.change(owner or "system") as change:
            job = known(change, job_id, owner)
            values = {"job": job_id, "priority": priority}
            if not change.connection.execute(_PRIORITY, values).rowcount:
                raise Conflict("jobs.already_ended", job=job_id, state=job.state)
            change.record("prioritized", job_id=job_id, priority=priority)
            return known(change, job_id, owner)

    def trash(self, job_id: str, *, owner: str | None = None) -> Job:
        """Put a final job into the trash.

        Raises:
            Conflict: It has not ended.
        """
        with self.change(owner or "system") as change:
            job = known(change, job_id, owner)
            values = {"job": job_id, "now": change.at}
            if change.connection.execute(_TRASH, values).rowcount:
                change.record("deleted", job_id=job_id)
            elif job.deleted_at is None:
                raise Conflict("jobs.not_ended", job=job_id, state=job.state)
            return known(change, job_id, owner)

    def restore(self, job_id: str, *, owner: str | None = None) -> Job:
        """Take a job out of the trash."""
        with self.change(owner or "system") as change:
            known(change, job_id, owner)
            change.connection.execute(_RESTORE, {"job": job_id})
            change.record("restored", job_id=job_id)
            return known(change, job_id, owner)

    def add_input(self, film: Input) -> None:
        with self.change(film.owner_id) as change:
            inputs.add(change, film)

    def find_input(self, input_id: str, *, owner: str | None = None) -> Input:
        """Give a film.

        Raises:
            NotFoundError: ``owner`` has no such film.
        """
        with self.database.read() as connection:
            film = inputs.find(connection, input_id)
        if film is None or owner not in (None, film.owner_id):
            raise NotFoundError("jobs.no_such_input", input=input_id)
        return film

    def find_content(self, sha256: str, *, owner: str) -> Input | None:
        """Find an owner's film with this very content."""
        with self.database.read() as connection:
            return inputs.find_content(connection, owner_id=owner, sha256=sha256)

    def outputs(self, job_id: str, *, owner: str | None = None) -> tuple[Output, ...]:
        """List the files of a job for the output folder; ``path`` says where one lies."""
        self.get(job_id, owner=owner)
        with self.database.read() as connection:
            return outputs_of(connection, job_id)

    def edit_lines(
        self, job_id: str, *, author: str, rev: int, changes: Mapping[int, Mapping[str, Any]]
    ) -> int:
        """Write one revision of line edits; see ``edits.change_lines``."""
        with self.change(author) as change:
            return edits.change_lines(change, job_id, rev=rev, edits=changes)

    def line_edits(self, job_id: str) -> Edits:
        with self.database.read() as connection:
            return edits.overlay(connection, job_id)


def _hash(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
