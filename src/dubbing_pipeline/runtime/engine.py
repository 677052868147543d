"""The job engine as API, pages and command line see it: above claims, leases and Redis.

There is one today, ``local_engine``. Another one (a workflow engine on other machines) would
take jobs whole; a job never has two.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from dubbing_pipeline.jobs.outbox import DueHint, SentHint
from dubbing_pipeline.model.job import Job


class Engine(Protocol):
    """Runs jobs that the store has admitted."""

    async def submit(self, hints: Sequence[DueHint]) -> tuple[SentHint, ...]:
        """Make jobs known to whoever may run them; again is harmless.

        Raises:
            BackendUnavailable: The rows stay in the outbox.
        """
        ...

    async def cancel(self, hints: Sequence[DueHint]) -> tuple[SentHint, ...]:
        """Pass cancel requests on, by the fastest road there is."""
        ...

    async def describe(self, job_id: str) -> Job:
        """Give a job as it stands.

        Raises:
            NotFoundError: There is no such job.
        """
        ...

    def watch(self, job_id: str) -> AsyncIterator[Job]:
        """Give a job now and after each change, until it is final."""
        ...

    def health(self) -> Mapping[str, Any]:
        """Say how the engine stands: level, wanted level, reason, since."""
        ...
