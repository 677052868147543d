"""The dispatch contract: how processes learn that there is work. Two backends pass one suite.

What travels is a *hint*: "there is work". It never says who owns a job. What a worker gets is a
*permit*: leave to run the best runnable job once; which one that is, the claim statement in
SQLite decides, in level 1 and level 2 alike. The job id in a hint is for tracing.

So every backend may lose hints, double them, delay them and reorder them, and no job is lost or
run twice to completion: a lost hint costs at most one safety poll, a spare one a look into the
store. What a backend must not do: block a submit, raise anything but ``BackendUnavailable``, or
give out more permits than there was room for.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from dubbing_pipeline.jobs.outbox import DueHint, SentHint

Level = Literal[1, 2]

Postpone = Callable[[str, float], Awaitable[None]]
"""Set a job's outbox row to pending, due after so many seconds."""
CancelHeard = Callable[[str], None]
"""Called with a job id when somebody asks for its cancel."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to run the best runnable job once.

    ``token`` means something to the backend that gave it (the entry's id in level 2).
    ``job_id`` is the job the hint named; the permit may well run another.
    """

    token: str
    job_id: str
    level: Level


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a backend can do its whole work now.

    ``certain`` failures need no second look: the server answers, and says that it cannot.
    """

    ok: bool
    reason: str = ""
    certain: bool = False


class JobDispatchBackend(Protocol):
    """Carries hints from whoever made work to whoever has room for it."""

    @property
    def level(self) -> Level: ...

    async def submit(self, hints: Sequence[DueHint]) -> tuple[SentHint, ...]:
        """Send hints, and cancel requests as far as this backend carries them.

        Sending a hint twice is harmless. Either all are sent or the call raises; the caller
        keeps the rows pending then, and some may have been sent all the same.

        Raises:
            BackendUnavailable: Nothing is known about what arrived.
        """
        ...

    async def claim(
        self, consumer: str, room: int, visibility_timeout_s: float
    ) -> tuple[Permit, ...]:
        """Wait a moment for hints and turn them into at most ``room`` permits.

        With no room, nothing is read and nothing is waited for. Permits whose holder has
        neither acknowledged nor extended them for ``visibility_timeout_s`` are given out again,
        to the caller or to another consumer, without any traffic being needed for it.

        Raises:
            BackendUnavailable: The wait ended in an error.
        """
        ...

    async def extend(self, permits: Sequence[Permit]) -> None:
        """Say that the holder of permits lives. Errors and unknown permits are ignored."""
        ...

    async def ack(self, permit: Permit) -> None:
        """Use a permit up. Twice is harmless; an error is ignored, disposal cleans up later."""
        ...

    async def nack(self, permit: Permit, delay_s: float) -> None:
        """Give a permit back unused: the job it names is hinted again after ``delay_s``.

        Sets ``next_try_at`` of the outbox row, so it holds even if the backend has just died.
        """
        ...

    async def health(self) -> Health:
        """Try the backend's whole road, not just whether it answers. Never raises."""
        ...

    async def close(self) -> None: ...
