"""How a signal ends the work: cleaning up, not on the spot, and never unheard.

A handler's exception is raised wherever the main thread happens to be. Inside a callback of a C
library it is printed and lost, and the work would go on as if nobody had asked it to stop. So the
signal is also remembered, and whoever tells of progress asks for it.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

INTERRUPTED: Final = 128 + signal.SIGINT

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
STOPPED: Final = frozenset({INTERRUPTED, *(128 + number for number in _ENDING)})


class Ending:
    """Remembers the first signal that asked for the end."""

    def __init__(self) -> None:
        self._number: int | None = None

    def check(self) -> None:
        """Leave, if a signal came and what its handler raised was lost.

        Raises:
            SystemExit: With 128 and the signal's number, as shells expect.
        """
        if self._number is not None:
            raise SystemExit(128 + self._number)

    @contextmanager
    def orderly(self) -> Iterator[None]:
        """Let Ctrl-C, SIGTERM and SIGHUP end the work with its cleaning up.

        A signal that is ignored stays so (``nohup``). Only for the main thread.
        """
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDING)}
        usual = (signal.SIG_DFL, signal.default_int_handler)
        ours = [number for number, handler in before.items() if handler in usual]
        for number in ours:
            signal.signal(number, self._leave)
        try:
            yield
        finally:
            for number in ours:
                signal.signal(number, before[number])

    def _leave(self, number: int, _frame: FrameType | None) -> None:
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)  # the clean-up is not to be cleaned up
        self._number = number
        raise SystemExit(128 + number)


ENDING: Final = Ending()
"""The process has one end."""
