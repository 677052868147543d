"""Runs a program and watches what it and everything it starts costs."""

import os
import resource
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter
from typing import IO

_POLL_S = 0.05
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended.

    ``cpu_s`` is the processor time of the program and of all it waited for: unlike ``wall_s``
    it hardly depends on what else the machine does.
    ``peak_mb`` is the largest resident memory of the whole tree at one moment, looked at 20
    times a second; pages that processes share are counted in each, so it is never too small
    for that reason, and can miss a peak shorter than the look.
    """

    exit_code: int
    output: str
    errors: str
    wall_s: float
    cpu_s: float
    peak_mb: float


def run_watched(arguments: Sequence[str], *, environment: Mapping[str, str]) -> Ran:
    """Run a program to its end, with the given variables on top of our own."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        started, cpu_before_s = perf_counter(), _children_cpu_s()
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env={**os.environ, **environment},
        )
        peak = 0
        while True:
            peak = max(peak, tree_bytes(process.pid))
            try:
                process.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                continue
            break
        wall_s, cpu_s = perf_counter() - started, _children_cpu_s() - cpu_before_s
        texts = [_text(file) for file in (output, errors)]
    return Ran(process.returncode, texts[0], texts[1], wall_s, cpu_s, peak / 1e6)


def _children_cpu_s() -> float:
    """Processor time of all children that ended so far, theirs included."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def tree_bytes(root: int) -> int:
    """Sum the resident memory of a process and all its descendants; 0 if it is gone."""
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(folder.name)] = int(fields[1])
        resident[int(folder.name)] = int(fields[21]) * _PAGE_BYTES
    return sum(size for pid, size in resident.items() if _descends(pid, root, parents))


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid in parents:
        if pid == root:
            return True
        pid = parents[pid]
    return False
