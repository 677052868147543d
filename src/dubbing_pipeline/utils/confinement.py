"""What holds a program in: limits of the kernel, no network, an end with its parent.

Done by a short chain of programs that replace each other (``prlimit``, ``unshare``,
``setpriv``, ``sh``), because code between fork and exec is not safe in a process with threads.
"""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dubbing_pipeline.errors import OutOfSpace, ProgramFailed, ProgramOverLimit

INHERITED = ("PATH", "HOME")
"""The environment names a program may see of ours."""

NETLESS: tuple[tuple[str, ...], ...] = (("unshare", "-n", "--"), ("unshare", "-rn", "--"))
"""Ways into an empty network namespace. Root keeps its rights to files with the first one,
others need a user namespace."""

OnLine = Callable[[str], None]

_STILL_OURS = '[ "$PPID" = "$0" ] && exec "$@"'
"""Ends the program if its parent died before the death signal was set."""

_CPU_GRACE_S = 2
"""From the signal that names the CPU limit to the one that cannot be caught."""

_NO_SPACE = ("No space left on device", "Disk quota exceeded")
_NO_MEMORY = ("Cannot allocate memory", "std::bad_alloc", "MemoryError")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; None leaves the kernel's own limit.

    ``wall_s`` is for the whole run, or for one answer of a ``Conversation``. ``file_bytes`` is
    for each file it writes, ``memory_bytes`` for its address space. ``output_bytes`` is for
    what we keep of its standard output, or for its longest line.
    """

    wall_s: float
    cpu_s: int | None = None
    memory_bytes: int | None = None
    file_bytes: int | None = None
    output_bytes: int = 64 << 20
    deny_network: bool = True


def child_environment() -> dict[str, str]:
    """Give the environment of a program: an allow-list, and one locale for all machines.

    Its temporary files lie where this process has its own.
    """
    ours = os.environ  # noqa: TID251 -- where programs and folders lie, no setting
    names = {name: ours[name] for name in INHERITED if name in ours}
    ours_too = {"TMPDIR": tempfile.gettempdir(), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return {"PATH": os.defpath, **ours_too, **names}


def confined(
    command: Sequence[str], *, limits: Limits, netless: Sequence[str], path: str
) -> tuple[str, ...]:
    """Put the chain of confining programs before a command, as far as they are installed.

    Args:
        command: Program and arguments.
        limits: What it may use.
        netless: The way into an empty network namespace, or nothing.
        path: Where to look for programs.
    """
    return (*_limited(limits, path), *netless, *mortal(path), *command)


def mortal(path: str) -> tuple[str, ...]:
    """Give the prefix that makes a program end with its parent; empty without ``setpriv``."""
    if not shutil.which("setpriv", path=path):
        return ()
    guard = ("sh", "-c", _STILL_OURS, str(os.getpid()))
    return ("setpriv", "--pdeathsig", "KILL", "--", *guard)


def _limited(limits: Limits, path: str) -> tuple[str, ...]:
    if not shutil.which("prlimit", path=path):
        return ()
    wanted = {
        "as": limits.memory_bytes,
        "cpu": None if limits.cpu_s is None else f"{limits.cpu_s}:{limits.cpu_s + _CPU_GRACE_S}",
        "fsize": limits.file_bytes,
        "core": 0,
    }
    options = [f"--{name}={value}" for name, value in wanted.items() if value is not None]
    return ("prlimit", *options, "--")


def failure(name: str, *, limits: Limits, status: int, stderr: str) -> ProgramFailed | OutOfSpace:
    """Say why a program ended badly, by its status and what it printed.

    Args:
        name: The program.
        limits: What it was allowed.
        status: Exit status, or the negative number of the signal that ended it.
        stderr: The end of its error output.
    """
    if any(words in stderr for words in _NO_SPACE):
        return OutOfSpace("utils.no_space", program=name, detail=stderr)
    if status == -signal.SIGXCPU or "received signal 24" in stderr:
        return ProgramOverLimit("utils.program_over_cpu", program=name, limit_s=limits.cpu_s)
    if status == -signal.SIGXFSZ or "File too large" in stderr:
        return ProgramOverLimit(
            "utils.program_over_file_size", program=name, limit_bytes=limits.file_bytes
        )
    if any(words in stderr for words in _NO_MEMORY):
        return ProgramOverLimit(
            "utils.program_over_memory", program=name, limit_bytes=limits.memory_bytes
        )
    return ProgramFailed("utils.program_failed", program=name, status=status, detail=stderr)


class Wall:
    """A time limit, watched by a thread of its own, so that nobody here reads a clock."""

    def __init__(self, wall_s: float) -> None:
        self._over = threading.Event()
        self._timer = threading.Timer(wall_s, self._over.set)
        self._timer.daemon = True
        self._timer.start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def cancel(self) -> None:
        self._timer.cancel()


class Output:
    """Keeps standard output, or hands it on line by line; either way within a limit."""

    def __init__(self, limits: Limits, name: str, on_line: OnLine | None) -> None:
        self._limits = limits
        self._name = name
        self._on_line = on_line
        self._kept = bytearray()

    def take(self, data: bytes) -> None:
        self._kept += data
        if self._on_line and b"\n" in data:
            *lines, rest = self._kept.split(b"\n")
            self._kept = rest
            for line in lines:
                self._on_line(text_of(line))
        if len(self._kept) > self._limits.output_bytes:
            raise over_output(self._name, self._limits)

    def finish(self) -> bytes:
        """Hand on a last line that has no end, and give what was kept."""
        if self._on_line is None:
            return bytes(self._kept)
        if self._kept:
            self._on_line(text_of(self._kept))
        return b""


def text_of(line: bytes | bytearray) -> str:
    return line.decode("utf-8", "replace").removesuffix("\r")


def over_output(name: str, limits: Limits) -> ProgramOverLimit:
    return ProgramOverLimit(
        "utils.program_over_output", program=name, limit_bytes=limits.output_bytes
    )
