"""Artifacts in a folder: ``<root>/artifacts/<k2>/<key>``, shared by all jobs of one machine.

Publishing is a rename that the kernel refuses if the name is taken:
of two workers that make the same artifact the second one finds the first one's, discards its
own and reads the winner's. Temporary files lie in ``<root>/work/<owner>`` on the same file
system; a folder there whose owner has died is swept by the next one that opens the store.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from dubbing_pipeline.errors import NotFoundError
from dubbing_pipeline.utils.files import refusing_full_disk, rename_new, sync_file, sync_folder


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

    def _path(self, key: str) -> Path:
        return self._root / key[:2] / key


@contextmanager
def open_store(state_dir: Path, owner: str) -> Iterator[FolderStore]:
    """Open the store of a state folder for one process life.

    Args:
        state_dir: The folder that holds ``artifacts`` and ``work``; made if it is not there.
        owner: Name of this process life; its temporary files carry it.
    """
    work = state_dir / "work"
    mine = work / owner
    lock = _hold(mine)
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
            folder.parent.mkdir(parents=True, exist_ok=True)
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
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
        finally:
            os.close(handle)
    return removed
