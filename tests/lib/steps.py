"""A program's error output as a chain of steps: it goes on only as far as it is read.

The pipe holds one write (``O_DIRECT``, pipe(2)), so the program waits at its next line until the
last one was read. A kill after ``reach`` therefore hits the step that was asked for, however
busy the machine is, and nobody waits by the clock.
"""

import fcntl
import os
import select
from collections.abc import Callable

_PAGE = 4096


class StepPipe:
    """One pipe: ``write_end`` is the program's standard error."""

    def __init__(self) -> None:
        self._read_end, self.write_end = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
        fcntl.fcntl(self._read_end, fcntl.F_SETPIPE_SZ, _PAGE)
        self.lines: list[str] = []

    def started(self) -> None:
        """Leave the write end to the program, so that its end is seen."""
        os.close(self.write_end)

    def reach(self, wanted: Callable[[str], bool], *, timeout_s: float = 240.0) -> str:
        """Read until the wanted line is read; the program is at most one line further.

        Raises:
            EOFError: It ended before; the lines so far are in the message.
        """
        while True:
            line = self.next(timeout_s)
            if line is None:
                raise EOFError("\n".join(self.lines))
            if wanted(line):
                return line

    def next(self, timeout_s: float = 240.0) -> str | None:
        """Read one line; None at the end."""
        self.wait(timeout_s)
        packet = os.read(self._read_end, _PAGE).decode()
        if not packet:
            return None
        self.lines.append(packet.rstrip("\n"))
        return self.lines[-1]

    def wait(self, timeout_s: float = 240.0) -> None:
        """Wait until the next line is there, and leave it unread."""
        if not select.select([self._read_end], [], [], timeout_s)[0]:
            raise TimeoutError("\n".join(self.lines))

    def rest(self) -> list[str]:
        """Read to the end."""
        while self.next() is not None:
            pass
        return self.lines

    def close(self) -> None:
        os.close(self._read_end)
