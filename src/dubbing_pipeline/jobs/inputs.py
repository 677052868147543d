"""Table ``inputs``: films on the server. Many jobs may share one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.jobs.rows import to_json
from dubbing_pipeline.utils.sqlite import Connection, Row, one

_INSERT = """
INSERT INTO inputs (id, owner_id, sha256, size_bytes, name, path, probe, origin, created_at)
VALUES (:id, :owner, :sha256, :size, :name, :path, :probe, :origin, :now)
"""
_NEEDED = """
SELECT 1 FROM jobs WHERE input_id = :id AND (finished_at IS NULL OR deleted_at IS NULL) LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Input:
    """A film: what it is by content, and where it lies. ``probe`` is what ffprobe found."""

    id: str
    owner_id: str
    sha256: str
    size_bytes: int
    name: str
    path: str
    origin: Literal["upload", "import"]
    probe: Mapping[str, Any] = field(default_factory=dict)


def add(change: Change, film: Input) -> None:
    values = {
        "id": film.id,
        "owner": film.owner_id,
        "sha256": film.sha256,
        "size": film.size_bytes,
        "name": film.name,
        "path": film.path,
        "probe": to_json(film.probe),
        "origin": film.origin,
        "now": change.at,
    }
    change.connection.execute(_INSERT, values)


def find(connection: Connection, input_id: str) -> Input | None:
    row = one(connection, "SELECT * FROM inputs WHERE id = ? AND deleted_at IS NULL", (input_id,))
    return None if row is None else _input(row)


def find_content(connection: Connection, *, owner_id: str, sha256: str) -> Input | None:
    """Find an owner's film with this very content."""
    statement = (
        "SELECT * FROM inputs WHERE owner_id = ? AND sha256 = ? AND deleted_at IS NULL LIMIT 1"
    )
    row = one(connection, statement, (owner_id, sha256))
    return None if row is None else _input(row)


def is_needed(connection: Connection, input_id: str) -> bool:
    """Tell whether a job outside the trash uses a film."""
    return one(connection, _NEEDED, {"id": input_id}) is not None


def _input(row: Row) -> Input:
    return Input(
        id=row["id"],
        owner_id=row["owner_id"],
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        name=row["name"],
        path=row["path"],
        origin=row["origin"],
        probe=json.loads(row["probe"]),
    )
