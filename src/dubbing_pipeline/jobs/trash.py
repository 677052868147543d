"""What may be deleted for good: jobs a week in the trash, inputs and artifacts nobody names."""

from collections.abc import Collection
from datetime import timedelta

from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.utils.sqlite import Connection

TRASH_LIFE = timedelta(days=7)

_OVERDUE = """
SELECT id FROM jobs j WHERE deleted_at < ? AND NOT EXISTS (
  SELECT 1 FROM jobs c WHERE c.parent_job_id = j.id AND (c.deleted_at IS NULL OR c.deleted_at >= ?))
ORDER BY id DESC LIMIT 100
"""
_NAMED = """
SELECT key FROM job_artifacts
UNION SELECT key FROM outputs
UNION SELECT sha256 FROM inputs WHERE deleted_at IS NULL
UNION SELECT given.value FROM jobs, json_each(jobs.spec, '$.given') AS given
"""


def purge(change: Change) -> tuple[str, ...]:
    """Delete jobs that lay in the trash for a week, with their rows.

    Returns:
        Paths of their files in the output folder, for the caller to delete.
    """
    limit = change.after(-TRASH_LIFE)
    paths: list[str] = []
    for row in change.connection.execute(_OVERDUE, (limit, limit)).fetchall():
        paths += _purge_one(change, row["id"])
    return tuple(paths)


def _purge_one(change: Change, job_id: str) -> list[str]:
    found = change.connection.execute(
        "SELECT path FROM outputs WHERE job_id = ? AND path IS NOT NULL", (job_id,)
    )
    paths = [row["path"] for row in found]
    referring = change.connection.execute(
        "SELECT 1 FROM jobs WHERE parent_job_id = ?"
        " UNION SELECT 1 FROM job_library WHERE current_job_id = ? AND job_id <> ?",
        (job_id, job_id, job_id),
    )
    if referring.fetchone() is not None:
        return []
    input_row = change.connection.execute(
        "SELECT input_id FROM jobs WHERE id = ?", (job_id,)
    ).fetchone()
    change.connection.execute("DELETE FROM job_library WHERE job_id = ?", (job_id,))
    change.connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
    change.record("purged", job_id=job_id)
    _drop_input(change, input_row["input_id"])
    return paths


def _drop_input(change: Change, input_id: str | None) -> None:
    """Let a film go with the last of its jobs."""
    change.connection.execute(
        "UPDATE inputs SET deleted_at = :now WHERE id = :input"
        " AND NOT EXISTS (SELECT 1 FROM jobs WHERE input_id = :input)",
        {"now": change.at, "input": input_id},
    )


def named(connection: Connection) -> Collection[str]:
    """Give every artifact key that a row names; jobs in the trash count."""
    return {row["key"] for row in connection.execute(_NAMED)}
