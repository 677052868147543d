"""Artifacts in a folder: ``<root>/artifacts/<k2>/<key>``, shared by all jobs of one machine.

Publishing is a rename that the kernel refuses if the name is taken:
of two workers that make the same artifact the second one finds the first one's, discards its
own and reads the winner's. Temporary files lie in ``<root>/work/<owner>`` on the same file
system; a folder there whose owner has died is swept by the next one that opens the store, and
with it what the owner was about to write elsewhere (``FolderStore.outside``).
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from dubbing_pipeline.errors import NotFoundError, RefusedError
from dubbing_pipeline.utils.files import refusing_full_disk, rename_new, sync_file, sync_folder

_OUTSIDE = "outside"
_PART = ".part"


class FolderStore:
    """An ``ArtifactStore`` over a local folder. One instance a process; safe for threads."""

    def __init__(self, root: Path, work: Path) -> None:
        self._root = root
        self._work = work
        self._numbers = count(1)

    def has(self, key: str) -> bool:
        return self._path(key).is_file()

    def fetch(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise NotFoundError("stages.no_such_artifact", key=key, folder=str(self._root))
        return path

    def put(self, key: str, path: Path) -> Path:
        final = self._path(key)
        with refusing_full_disk(self._root):
            final.parent.mkdir(parents=True, exist_ok=True)
            sync_file(path)
            path.chmod(0o440)
            try:
                rename_new(path, final)
            except FileExistsError:
                path.unlink()  # the same content was published first: that one stays
            else:
                sync_folder(final.parent)
        return final

    def scratch(self, suffix: str = "") -> Path:
        return self._work / f"{next(self._numbers)}{suffix}"

    def outside(self, folder: Path) -> Path:
        """Give a hidden temporary name in a folder elsewhere; nothing has that name.

        It is noted first: whatever lies there when we are killed is swept with our own files.

        Raises:
            OutOfSpace: The disk is full.
        """
        path = folder.absolute() / f".{secrets.token_hex(8)}{_PART}"
        with refusing_full_disk(self._work), (self._work / _OUTSIDE).open("ab") as notes:
            notes.write(os.fsencode(path) + b"\0")
        return path

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / key


@contextmanager
def open_store(state_dir: Path, owner: str) -> Iterator[FolderStore]:
    """Open the store of a state folder for one process life.

    Args:
        state_dir: The folder that holds ``artifacts`` and ``work``; made if it is not there.
        owner: Name of this process life; its temporary files carry it.

    Raises:
        RefusedError: The folder cannot be made, or not be written to.
        OutOfSpace: The disk is full.
    """
    work = state_dir / "work"
    mine = work / owner
    try:
        lock = _hold(mine)
    except OSError as error:
        detail = error.strerror or ""
        raise RefusedError(
            "stages.state_not_writable", folder=str(state_dir), detail=detail
        ) from error
    try:
        sweep(work)
        yield FolderStore(state_dir / "artifacts", mine)
    finally:
        shutil.rmtree(mine, ignore_errors=True)
        os.close(lock)


def _hold(folder: Path) -> int:
    """Make a folder and lock it; made again if a sweep came between the two."""
    while True:
        with refusing_full_disk(folder.parent):
            # nobody else's business: films lie here, and later the job store
            folder.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.parent.mkdir(exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir() and folder.stat().st_ino == os.fstat(lock).st_ino:
            return lock
        os.close(lock)


def sweep(work: Path) -> int:
    """Remove the temporary folders of owners that live no more; the kernel knows by the lock.

    Returns:
        How many were removed.
    """
    removed = 0
    for folder in sorted(work.iterdir()):
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            continue  # another one swept it just now, or it is nobody's work folder
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            _remove_outside(folder / _OUTSIDE)
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
        finally:
            os.close(handle)
    return removed


def _remove_outside(notes: Path) -> None:
    """Remove what a dead owner left half-written in other folders."""
    if not notes.is_file():
        return
    for name in notes.read_bytes().split(b"\0"):
        path = Path(os.fsdecode(name))
        if not (path.name.startswith(".") and path.name.endswith(_PART)):
            continue  # the note itself was cut off
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
