"""Tables ``job_artifacts`` and ``outputs``: what a job made, and what goes to the output folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.model.job import Manifest
from dubbing_pipeline.utils.sqlite import Connection

_PIN = "INSERT INTO job_artifacts (job_id, key, role) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_OUTPUT = """
INSERT INTO outputs (job_id, key, name, state, updated_at)
VALUES (:job, :key, :name, 'pending', :now)
ON CONFLICT (job_id, name) DO UPDATE SET key = :key, state = 'pending', path = NULL,
  updated_at = :now WHERE outputs.key <> :key
"""
_PENDING = "SELECT * FROM outputs WHERE state = 'pending' ORDER BY updated_at LIMIT ?"
_PLACED = """
UPDATE outputs SET state = 'published', path = :path, last_error = NULL, updated_at = :now
WHERE job_id = :job AND name = :name AND key = :key AND state = 'pending'
"""
_REFUSED = """
UPDATE outputs SET last_error = :error, updated_at = :now
WHERE job_id = :job AND name = :name AND key = :key AND state = 'pending'
"""


@dataclass(frozen=True, slots=True)
class Output:
    """A file that belongs into the output folder. ``path`` is None until it lies there."""

    job_id: str
    key: str
    name: str
    state: Literal["pending", "published", "error"]
    path: str | None


def pin(connection: Connection, job_id: str, artifacts: Mapping[str, str]) -> None:
    """Name artifacts as a job's, by role, so that collection leaves them alone."""
    rows = [(job_id, key, role) for role, key in sorted(artifacts.items())]
    connection.executemany(_PIN, rows)


def store_manifest(change: Change, job_id: str, manifest: Manifest) -> None:
    """Replace what a running job pinned by what it ended with."""
    change.connection.execute("DELETE FROM job_artifacts WHERE job_id = ?", (job_id,))
    pin(change.connection, job_id, manifest.artifacts)
    for output in manifest.outputs:
        values = {"job": job_id, "key": output.key, "name": output.name, "now": change.at}
        change.connection.execute(_OUTPUT, values)


def artifacts_of(connection: Connection, job_id: str) -> dict[str, str]:
    """Give a job's artifact keys by role."""
    statement = "SELECT role, key FROM job_artifacts WHERE job_id = ? ORDER BY role"
    return dict(connection.execute(statement, (job_id,)).fetchall())


def outputs_of(connection: Connection, job_id: str) -> tuple[Output, ...]:
    statement = "SELECT * FROM outputs WHERE job_id = ? ORDER BY name"
    return tuple(_output(row) for row in connection.execute(statement, (job_id,)))


def pending_outputs(connection: Connection, *, limit: int) -> tuple[Output, ...]:
    return tuple(_output(row) for row in connection.execute(_PENDING, (limit,)))


def mark_published(change: Change, output: Output, path: str) -> bool:
    """Say that a file lies there; False when somebody else said so first."""
    values = {**_named(output), "path": path, "now": change.at}
    return change.connection.execute(_PLACED, values).rowcount == 1


def mark_unpublished(change: Change, output: Output, error: str) -> None:
    """Say why a file could not be laid out; it stays pending."""
    change.connection.execute(_REFUSED, {**_named(output), "error": error, "now": change.at})


def _named(output: Output) -> dict[str, object]:
    return {"job": output.job_id, "name": output.name, "key": output.key}


def _output(row: Mapping[str, str]) -> Output:
    state: Literal["pending", "published", "error"] = row["state"]  # type: ignore[assignment]
    return Output(
        job_id=row["job_id"], key=row["key"], name=row["name"], state=state, path=row["path"]
    )
