"""Watches processes end, without waiting longer than they need."""

import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def ends_within(pid: int, seconds: float) -> bool:
    """Say whether a process, ours or not, ends in time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def children(pid: int) -> list[int]:
    """List the children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def at_home(home: Path) -> dict[int, str]:
    """List living processes whose ``HOME`` is this folder, by number, with their names."""
    wanted = f"HOME={home}".encode()
    found = {}
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in environment.read_bytes().split(b"\0"):
                name = environment.with_name("comm").read_text().strip()
                found[int(environment.parent.name)] = name
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def all_end_within(processes: Iterable[int], seconds: float) -> list[int]:
    """Wait for processes, ours or not, all together; give those that live on."""
    over = threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.start()
    living = [pid for pid in processes if not _ends_before(pid, over)]
    timer.cancel()
    return living


def _ends_before(pid: int, over: threading.Event) -> bool:
    while not ends_within(pid, 0.05):
        if over.is_set():
            return ends_within(pid, 0)
    return True


@contextmanager
def python(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in a process and group of its own; killed when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
