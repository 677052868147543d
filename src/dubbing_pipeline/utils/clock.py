"""Time as a thing that is handed in, so that tests never wait and never guess."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """Give the wall clock's time, in UTC and aware of it. It may jump."""
        ...

    def monotonic_s(self) -> float:
        """Give seconds since some fixed moment. It never goes back: use it for durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, blocking the calling thread."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - here the clock is made

    def monotonic_s(self) -> float:
        return time.monotonic()  # noqa: TID251 - here the clock is made

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: TID251 - here the clock is made
