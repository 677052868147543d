"""What ``/proc`` says about a process and those that it started."""

import os
from pathlib import Path

_PARENT = 1
_TIMES = slice(11, 15)
"""Fields of ``/proc/<pid>/stat`` after the name: parent; then user, system, and children's time."""


def busy_s(pid: int) -> float:
    """Sum the processor time of a process and all that descend from it, ended ones included."""
    stats = _stats()
    ticks = 0
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        fields = stats.get(parent)
        if fields is not None:
            ticks += sum(int(field) for field in fields[_TIMES])
        waiting += [child for child, of in stats.items() if int(of[_PARENT]) == parent]
    return ticks / os.sysconf("SC_CLK_TCK")


def _stats() -> dict[int, list[str]]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = _stat(folder / "stat")
            if fields:
                found[int(folder.name)] = fields
    return found


def _stat(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # the process has ended while we looked
        return []
    # The name stands in parentheses and may hold anything, parentheses too.
    return text.rpartition(")")[2].split()
