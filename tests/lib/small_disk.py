"""A disk of a few megabytes that only one process and its children see."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lib.tools import lack, need

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
        """Take all room away that is left, but for a page where nothing is on it yet."""
        usage = os.statvfs(self.seen)
        used_kib = (usage.f_blocks - usage.f_bfree) * usage.f_frsize // 1024
        self.resize(max(used_kib, 4))  # 0 would be without a limit

    def resize(self, size_kib: int) -> None:
        """Give it more room; what is on it stays."""
        command = [*self.prefix, "mount", "-o", f"remount,size={size_kib}k", str(self.folder)]
        subprocess.run(command, check=True)


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
