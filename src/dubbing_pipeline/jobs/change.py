"""One write to the store: the connection inside its transaction, the moment, and who does it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dubbing_pipeline.jobs import events
from dubbing_pipeline.jobs.rows import stamp
from dubbing_pipeline.utils.sqlite import Connection


@dataclass(frozen=True, slots=True)
class Change:
    """Handed to every function that takes part in a transaction."""

    connection: Connection
    now: datetime
    actor: str

    @property
    def at(self) -> str:
        return stamp(self.now)

    def after(self, delay: timedelta) -> str:
        return stamp(self.now + delay)

    def record(
        self, event: str, *, job_id: str | None = None, epoch: int | None = None, **detail: Any
    ) -> None:
        """Append to the history what this change does."""
        events.record(
            self.connection,
            at=self.at,
            event=event,
            actor=self.actor,
            job_id=job_id,
            epoch=epoch,
            **detail,
        )
