"""Bring a file of the outside world into the store, named by its content."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from dubbing_pipeline.errors import InputRefused
from dubbing_pipeline.stages.artifacts import ArtifactStore
from dubbing_pipeline.utils.files import copy_content, refusing_full_disk

_CHUNK_BYTES = 1 << 20


def take_in(path: Path, artifacts: ArtifactStore, tick: Callable[[float], None]) -> str:
    """Copy a file into the store, sharing blocks where the file system can; the file stays.

    Args:
        path: Any readable file.
        artifacts: Where to.
        tick: Progress 0 to 1, and cancel.

    Returns:
        The SHA-256 of its content, which is its key.

    Raises:
        InputRefused: It is not there, no file, or may not be read.
        OutOfSpace: The disk is full.
    """
    key = content_key(path, tick)
    if not artifacts.has(key):
        copy = artifacts.scratch()
        with refusing_full_disk(copy.parent):
            copy_content(path, copy)
        # between the two reads somebody may have written to the file
        if content_key(copy, lambda _: None) != key:
            raise InputRefused("stages.file_changes", path=str(path))
        artifacts.put(key, copy)
    return key


def content_key(path: Path, tick: Callable[[float], None]) -> str:
    """Hash a file's content."""
    if not path.is_file():
        raise InputRefused("stages.no_such_file", path=str(path))
    size = max(1, path.stat().st_size)
    content = hashlib.sha256()
    try:
        with path.open("rb") as file:
            read = 0
            while chunk := file.read(_CHUNK_BYTES):
                content.update(chunk)
                read += len(chunk)
                tick(min(1.0, read / size))
    except PermissionError as error:
        raise InputRefused("stages.file_not_readable", path=str(path)) from error
    return content.hexdigest()
