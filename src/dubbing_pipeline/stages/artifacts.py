"""What stages made, named by content; published by rename without replace."""

import json
from pathlib import Path
from typing import Protocol

from dubbing_pipeline.stages.call import Json, canonical
from dubbing_pipeline.utils.files import refusing_full_disk


class ArtifactStore(Protocol):
    """Holds files by key. A key has 64 hex digits and says nothing but what the content is of."""

    def has(self, key: str) -> bool: ...

    def fetch(self, key: str) -> Path:
        """Give a local path to read; never to write.

        Raises:
            NotFoundError: No artifact has that key.
        """
        ...

    def put(self, key: str, path: Path) -> Path:
        """Take a finished file over, if the key is not there yet; the first one stays.

        ``path`` is moved away either way. The content is on disk when this returns.

        Returns:
            The path to read, as from ``fetch``: the winner's file.

        Raises:
            OutOfSpace: The disk is full; nothing is left under the key.
        """
        ...

    def scratch(self, suffix: str = "") -> Path:
        """Give a name for a temporary file on the same file system; the file does not exist."""
        ...


def put_text(artifacts: ArtifactStore, key: str, text: str) -> str:
    """Store text under a key, and give the key back.

    Raises:
        OutOfSpace: The disk is full.
    """
    path = artifacts.scratch(".txt")
    with refusing_full_disk(path.parent):
        path.write_text(text, encoding="utf-8")
    artifacts.put(key, path)
    return key


def put_json(artifacts: ArtifactStore, key: str, value: Json) -> str:
    """Store a value as canonical JSON under a key, and give the key back."""
    return put_text(artifacts, key, canonical(value))


def read_json(artifacts: ArtifactStore, key: str) -> Json:
    """Read what ``put_json`` stored."""
    return json.loads(artifacts.fetch(key).read_text(encoding="utf-8"))
