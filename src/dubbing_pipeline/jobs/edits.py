"""Table ``line_edits``: what people changed on the lines of a dub, by revision."""

import json
from collections.abc import Mapping
from typing import Any

from dubbing_pipeline.errors import Conflict
from dubbing_pipeline.jobs.change import Change
from dubbing_pipeline.jobs.rows import to_json
from dubbing_pipeline.model.speech import Edits, LineEdit
from dubbing_pipeline.utils.sqlite import Connection

_INSERT = """
INSERT INTO line_edits (job_id, rev, line_id, edit, author_id, created_at)
VALUES (:job, :rev, :line, :edit, :author, :now)
"""


def revision(connection: Connection, job_id: str) -> int:
    """Give the newest revision; 0 is untouched."""
    statement = "SELECT max(rev) FROM line_edits WHERE job_id = ?"
    return int(connection.execute(statement, (job_id,)).fetchone()[0] or 0)


def overlay(connection: Connection, job_id: str) -> Edits:
    """Gather the overlay as it stands: for each line the fields last changed."""
    statement = "SELECT rev, line_id, edit FROM line_edits WHERE job_id = ? ORDER BY rev, line_id"
    lines: dict[int, dict[str, Any]] = {}
    rev = 0
    for row in connection.execute(statement, (job_id,)):
        rev = row["rev"]
        lines.setdefault(row["line_id"], {}).update(json.loads(row["edit"]))
    return Edits(rev=rev, lines={line: LineEdit(**edit) for line, edit in lines.items()})


def change_lines(
    change: Change, job_id: str, *, rev: int, edits: Mapping[int, Mapping[str, Any]]
) -> int:
    """Write one revision that changes some fields of some lines.

    Args:
        change: The transaction; its actor is the author.
        job_id: The dub.
        rev: The revision the author saw.
        edits: Fields by line id.

    Returns:
        The new revision.

    Raises:
        Conflict: Somebody changed something since.
    """
    newest = revision(change.connection, job_id)
    if rev != newest:
        raise Conflict("jobs.stale_revision", rev=rev, newest=newest)
    for line_id, edit in edits.items():
        values = {
            "job": job_id,
            "rev": newest + 1,
            "line": line_id,
            "edit": to_json(edit),
            "author": change.actor,
            "now": change.at,
        }
        change.connection.execute(_INSERT, values)
    return newest + 1
