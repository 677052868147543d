"""A disk of a few megabytes that only one process and its children see."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lib.tools import lack, need

_FILLER = "filler"
_SCRIPT = 'mount -t tmpfs -o "size=$1k" none "$2" && echo mounted && exec cat'


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mounted disk. ``folder`` is its place inside; ``seen`` is the same from outside."""

    folder: Path
    owner: int

    @property
    def prefix(self) -> tuple[str, ...]:
        """The command that starts a program beside the disk."""
        return ("nsenter", "-t", str(self.owner), "-m", "--")

    @property
    def seen(self) -> Path:
        return Path(f"/proc/{self.owner}/root{self.folder}")

    def fill(self) -> None:
        """Take all room that is left, also while somebody else writes; ``free`` gives it back."""
        with (self.seen / _FILLER).open("ab", buffering=0) as filler:
            for size in (1 << 20, 4096):
                with _until_full():
                    while True:
                        filler.write(bytes(size))

    def free(self) -> None:
        """Give back what ``fill`` took."""
        (self.seen / _FILLER).unlink()

    def resize(self, size_kib: int) -> None:
        """Give it more room; what is on it stays."""
        command = [*self.prefix, "mount", "-o", f"remount,size={size_kib}k", str(self.folder)]
        subprocess.run(command, check=True)


@contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[SmallDisk]:
    """Mount a disk on a new folder; it is gone when the block ends, with all that is on it.

    It lies in a mount namespace of its own, which needs root.
    """
    for program in ("unshare", "nsenter", "mount"):
        need(program)
    folder.mkdir(parents=True)
    keeper = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", _SCRIPT, "sh", str(size_kib), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        if keeper.stdout is None or keeper.stdout.readline() != "mounted\n":
            lack(f"no disk can be mounted here: {keeper.communicate()[1].strip()}")
        yield SmallDisk(folder, keeper.pid)
    finally:
        keeper.communicate()
