"""Runs programs under limits: the one room for ``subprocess`` in the tree.

A program gets its own session and process group, an allow-list of environment names, limits of
the kernel, no network unless it needs one, and a parent-death signal (``utils.confinement``).
Its whole group is gone before a call here returns or raises, whatever the reason.

The kernel sends the parent-death signal when the *thread* that started the program ends
(prctl(2), PR_SET_PDEATHSIG), and so also when our process is killed in any way. Start a
``Conversation`` in a thread that outlives it. The signal reaches the program itself, not its own
children: those are killed with the group when we end in an orderly way, and see their pipes
close otherwise.
"""

import os
import selectors
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from dubbing_pipeline.errors import EngineMissing, ProgramFailed, ProgramOverLimit
from dubbing_pipeline.utils.confinement import (
    NETLESS,
    Limits,
    OnLine,
    Output,
    Wall,
    child_environment,
    confined,
    failure,
    mortal,
    over_output,
    text_of,
)

__all__ = ["Completed", "Conversation", "Limits", "dies_with_parent", "network_isolation", "run"]

TICK_S = 0.2
"""A tick comes at least this often while a program runs."""

STDERR_TAIL_BYTES = 8192
_CHUNK_BYTES = 1 << 16

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program that ended well left: its output, and the end of its error output.

    ``stdout`` is empty when the lines were handed to ``on_line``.
    """

    stdout: bytes
    stderr: str


def _silent() -> None:
    """Tick for callers that have nothing to say and cannot be stopped."""


def run(
    argv: Sequence[str],
    *,
    limits: Limits,
    stdin: bytes = b"",
    on_line: OnLine | None = None,
    tick: Tick = _silent,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program to its end.

    Args:
        argv: Program and arguments; no shell reads them.
        limits: What it may use.
        stdin: Bytes for its standard input.
        on_line: Called with each line of its standard output, without the line end.
        tick: Called at least each ``TICK_S``. What it or ``on_line`` raises (``Cancelled``)
            passes on, after the program's group was killed.
        cwd: Its working folder.
        pass_fds: Descriptors it inherits under the same numbers.
        environment: Names to add to ``confinement.child_environment``.

    Raises:
        EngineMissing: The program is not on PATH.
        OutOfSpace: It says that the disk is full.
        ProgramOverLimit: It ran into one of the limits.
        ProgramFailed: It ended with another status than 0.
    """
    program = _Program(argv, limits=limits, cwd=cwd, pass_fds=pass_fds, environment=environment)
    output = Output(limits, program.name, on_line)
    with closing(program):
        program.send(stdin)
        program.finish_input()
        while not program.ended:
            output.take(program.exchange(tick))
        output.take(program.rest())
        status = program.reap()
    if status != 0:
        raise failure(program.name, limits=limits, status=status, stderr=program.stderr)
    return Completed(output.finish(), program.stderr)


def network_isolation() -> Literal["kernel", "whitelist"]:
    """Say by what means programs are kept off the network here.

    Returns:
        ``kernel``: an empty network namespace. ``whitelist``: this kernel or container does
        not allow that, so only ffmpeg's protocol whitelist holds.
    """
    return "kernel" if _netless(child_environment()["PATH"]) else "whitelist"


def dies_with_parent() -> bool:
    """Say whether programs end when we are killed outright (``setpriv`` is installed)."""
    return bool(mortal(child_environment()["PATH"]))


class Conversation:
    """A program that stays: a line goes in, a line comes out.

    For engines that load a model once. Use it as a context manager, in one thread.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        limits: Limits,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the program; arguments and errors are as for ``run``."""
        self._limits = limits
        self._program = _Program(argv, limits=limits, cwd=cwd, environment=environment)
        self._received = bytearray()

    def ask(self, line: str, *, tick: Tick = _silent) -> str:
        """Send one line and wait for the next line of the answer.

        Args:
            line: Without a line end.
            tick: As for ``run``.

        Raises:
            ProgramOverLimit: No answer came in ``wall_s``, or one without end.
            ProgramFailed: The program ended; OutOfSpace if it says that the disk is full.
        """
        self._program.restart_wall()
        self._program.send(f"{line}\n".encode())
        while b"\n" not in self._received:
            if self._program.ended:
                self._received += self._program.rest()
                break
            self._received += self._program.exchange(tick)
            if len(self._received) > self._limits.output_bytes:
                raise over_output(self._program.name, self._limits)
        return self._answer()

    def _answer(self) -> str:
        answer, end, rest = bytes(self._received).partition(b"\n")
        if not end:
            program = self._program
            status = program.reap()
            raise failure(program.name, limits=self._limits, status=status, stderr=program.stderr)
        self._received = bytearray(rest)
        return text_of(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._program.close()


class _Program:
    """A started program and the bytes that go to and fro. Closing it kills its group."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        limits: Limits,
        cwd: Path | None = None,
        pass_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = Path(argv[0]).name
        self.ended = False
        self._limits = limits
        self._errors = bytearray()
        self._unsent = bytearray()
        self._finishing = False
        self._process = _start(
            argv, limits=limits, cwd=cwd, pass_fds=pass_fds, environment=environment
        )
        self._stdin = _piped(self._process.stdin)
        self._stdout = _piped(self._process.stdout)
        self._stderr = _piped(self._process.stderr)
        try:
            self._watch()
        except OSError as error:
            self.reap()
            raise _not_started(argv[0], error) from error
        self._wall = Wall(limits.wall_s)

    @property
    def stderr(self) -> str:
        """The end of what it wrote to its standard error."""
        return self._errors.decode("utf-8", "replace").strip()

    def restart_wall(self) -> None:
        """Let the time limit begin anew."""
        self._wall.cancel()
        self._wall = Wall(self._limits.wall_s)

    def send(self, data: bytes) -> None:
        """Queue bytes for its standard input."""
        if data and not self._unsent and not self._stdin.closed:
            self._selector.register(self._stdin, selectors.EVENT_WRITE)
        self._unsent += data

    def finish_input(self) -> None:
        """Close its standard input when all was sent."""
        self._finishing = True
        if not self._unsent:
            self._stdin.close()

    def exchange(self, tick: Tick) -> bytes:
        """Wait for something to happen, at most ``TICK_S``, and tick.

        Returns:
            What it wrote to its standard output; often nothing.
        """
        received = b"".join(self._serve(key.fileobj) for key, _ in self._selector.select(TICK_S))
        if self._wall.is_over:
            raise ProgramOverLimit(
                "utils.program_over_wall",
                program=self.name,
                limit_s=self._limits.wall_s,
                detail=self.stderr,
            )
        tick()
        return received

    def rest(self) -> bytes:
        """Read what it wrote before it ended; a child of its own may still hold the pipes."""
        self.reap()
        while data := self._stderr.read(_CHUNK_BYTES):
            self._keep_errors(data)
        return b"".join(iter(lambda: self._stdout.read(_CHUNK_BYTES) or b"", b""))

    def reap(self) -> int:
        """Kill what is left of its group and give its own status.

        The group is killed before the program is reaped, so its number is still ours.
        """
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def close(self) -> None:
        """Leave nothing behind: no timer, no process of the group, no descriptor."""
        self._wall.cancel()
        self.reap()
        self._selector.close()
        os.close(self._end)
        for stream in (self._stdin, self._stdout, self._stderr):
            stream.close()

    def _watch(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._end = os.pidfd_open(self._process.pid)
        for source in (self._end, self._stdout, self._stderr):
            self._selector.register(source, selectors.EVENT_READ)

    def _serve(self, source: object) -> bytes:
        if source is self._stdin:
            self._write()
        elif source is self._stderr:
            self._keep_errors(self._read(self._stderr))
        elif source is self._stdout:
            return self._read(self._stdout)
        else:
            self.ended = True
        return b""

    def _read(self, stream: IO[bytes]) -> bytes:
        data = stream.read(_CHUNK_BYTES)
        if data == b"":
            self._selector.unregister(stream)
        return data or b""

    def _keep_errors(self, data: bytes) -> None:
        self._errors += data
        del self._errors[:-STDERR_TAIL_BYTES]

    def _write(self) -> None:
        try:
            del self._unsent[: self._stdin.write(self._unsent[:_CHUNK_BYTES]) or 0]
        except BrokenPipeError:
            self._unsent.clear()
            self._finishing = True
        if not self._unsent:
            self._selector.unregister(self._stdin)
        if not self._unsent and self._finishing:
            self._stdin.close()


def _start(
    argv: Sequence[str],
    *,
    limits: Limits,
    cwd: Path | None,
    pass_fds: Sequence[int],
    environment: Mapping[str, str] | None,
) -> subprocess.Popen[bytes]:
    variables = child_environment() | dict(environment or {})
    found = shutil.which(argv[0], path=variables["PATH"])
    if found is None:
        raise EngineMissing("utils.program_missing", program=argv[0], fix="./scripts/setup")
    command = confined(
        (found, *argv[1:]),
        limits=limits,
        netless=_netless(variables["PATH"]) if limits.deny_network else (),
        path=variables["PATH"],
    )
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=variables,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise _not_started(argv[0], error) from error
    for stream in (process.stdin, process.stdout, process.stderr):
        os.set_blocking(_piped(stream).fileno(), False)
    return process


def _not_started(program: str, error: OSError) -> ProgramFailed:
    return ProgramFailed("utils.program_not_started", program=program, detail=str(error))


def _piped(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ProgramFailed("utils.program_not_started", program="", detail="no pipe")
    return stream


@cache
def _netless(path: str) -> tuple[str, ...]:
    """Find the way into an empty network namespace, once a process."""
    return next((prefix for prefix in NETLESS if _works(prefix, path)), ())


def _works(prefix: Sequence[str], path: str) -> bool:
    if not shutil.which(prefix[0], path=path):
        return False
    tried = subprocess.run(
        (*prefix, "true"),
        env={"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0
