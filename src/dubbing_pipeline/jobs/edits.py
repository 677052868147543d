"""Table ``line_edits``: what people changed on the lines of a dub, by revision."""

import json
from collections.abc import Mapping
from typing import Any

from dubbing_pipeline.errors import Conflict
from dubbing_pipeline.jobs import change as writing
from dubbing_pipeline.jobs.rows import to_json
from dubbing_pipeline.model.speech import Change, Edits, LineEdit
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
    """Gather all changes of a dub's lines, the oldest first."""
    statement = "SELECT line_id, edit FROM line_edits WHERE job_id = ? ORDER BY rev"
    rows = connection.execute(statement, (job_id,))
    return Edits(tuple(Change(row["line_id"], LineEdit(**json.loads(row["edit"]))) for row in rows))


def change_lines(
    change: writing.Change, job_id: str, *, rev: int, edits: Mapping[int, Mapping[str, Any]]
) -> int:
    """Change some fields of some lines: one revision a line.

    Args:
        change: The transaction; its actor is the author.
        job_id: The dub.
        rev: The revision the author saw.
        edits: Fields by line id.

    Returns:
        The newest revision.

    Raises:
        Conflict: Somebody changed something since.
    """
    newest = revision(change.connection, job_id)
    if rev != newest:
        raise Conflict("jobs.stale_revision", rev=rev, newest=newest)
    for number, (line_id, edit) in enumerate(edits.items(), start=1):
        values = {
            "job": job_id,
            "rev": newest + number,
            "line": line_id,
            "edit": to_json(edit),
            "author": change.actor,
            "now": change.at,
        }
        change.connection.execute(_INSERT, values)
    return newest + len(edits)
