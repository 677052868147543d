"""What stages made, named by content; published by rename without replace."""

from pathlib import Path
from typing import Protocol


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
