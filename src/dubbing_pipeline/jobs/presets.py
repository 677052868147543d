"""``documents.db``: presets and projects, small documents by owner, through sqlitedict.

A file of its own: sqlitedict uses the interpreter's SQLite driver and threads of its own, and
would switch a shared file's journal mode behind our back. Nothing that must commit together with
jobs lives here. Values are JSON, never pickle. A read goes to the file each time, so several
processes see each other's changes.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlitedict

from dubbing_pipeline.errors import NotFoundError
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.ids import new_id
from dubbing_pipeline.utils.sqlite import check_folder

DocumentKind = Literal["presets", "projects"]
Document = dict[str, Any]


class Documents:
    """Presets (named choices for a dub) and projects (films that belong together)."""

    def __init__(self, path: Path, clock: Clock) -> None:
        check_folder(path.parent)
        self._path = path
        self._clock = clock

    @contextmanager
    def _table(self, kind: DocumentKind) -> Iterator[Any]:
        table = sqlitedict.SqliteDict(
            str(self._path),
            tablename=kind,
            journal_mode="DELETE",
            encode=json.dumps,
            decode=json.loads,
            autocommit=False,
        )
        try:
            yield table
        finally:
            table.close()

    def save(
        self,
        kind: DocumentKind,
        owner_id: str,
        value: Mapping[str, Any],
        *,
        document_id: str | None = None,
    ) -> Document:
        """Write a document, a new one if no id is given.

        Raises:
            NotFoundError: The owner has no document of that id.
        """
        if document_id is not None:
            self.get(kind, owner_id, document_id)
        name = document_id or new_id(self._clock)
        document = {**value, "id": name, "owner_id": owner_id}
        with self._table(kind) as table:
            table[name] = document
            # Blocking: an error of sqlitedict's writing thread is raised here, not at a later call.
            table.commit(blocking=True)
        return document

    def get(self, kind: DocumentKind, owner_id: str, document_id: str) -> Document:
        """Give one document.

        Raises:
            NotFoundError: The owner has none of that id.
        """
        with self._table(kind) as table:
            document: Document | None = table.get(document_id)
        if document is None or document["owner_id"] != owner_id:
            raise NotFoundError("jobs.no_such_document", kind=kind, id=document_id)
        return document

    def list_all(self, kind: DocumentKind, owner_id: str) -> tuple[Document, ...]:
        """List an owner's documents, the oldest first."""
        with self._table(kind) as table:
            found = [document for document in table.values() if document["owner_id"] == owner_id]
        return tuple(sorted(found, key=lambda document: str(document["id"])))

    def remove(self, kind: DocumentKind, owner_id: str, document_id: str) -> None:
        """Delete a document.

        Raises:
            NotFoundError: The owner has none of that id.
        """
        self.get(kind, owner_id, document_id)
        with self._table(kind) as table:
            del table[document_id]
            table.commit(blocking=True)
