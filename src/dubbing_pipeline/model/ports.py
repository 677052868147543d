"""What a client of jobs can do, on the local store or over HTTP: one contract for both."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dubbing_pipeline.model.job import Job, JobState, Priority
from dubbing_pipeline.model.spec import DubSpec


@dataclass(frozen=True, slots=True)
class DubRequest:
    """Ask for a dub: a film by path, or an input that is already there by id; subtitles by path.

    The same ``idempotency_key`` with the same request gives the same job for 24 hours.
    """

    spec: DubSpec
    film: Path | None = None
    input_id: str | None = None
    source_subtitles: Path | None = None
    target_subtitles: Path | None = None
    title: str = ""
    priority: Priority = 1
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs to list, newest first. ``before`` is the last id of the page before."""

    states: tuple[JobState, ...] = ()
    limit: int = 50
    before: str | None = None
    deleted: bool = False


class JobsPort(Protocol):
    """Jobs of one caller. Another owner's job is not found, as if it did not exist."""

    def submit(self, request: DubRequest) -> Job:
        """Make a job; it is on disk when this returns.

        Raises:
            InputRefused: The film cannot be taken.
            EngineMissing, LanguageUnsupported: The job could not run here.
            RefusedError: A cap, the gate, or a reused key says no.
        """
        ...

    def show(self, job_id: str) -> Job:
        """Give one job.

        Raises:
            NotFoundError: The caller has no such job.
        """
        ...

    def list_jobs(self, query: JobQuery) -> tuple[Job, ...]: ...

    def cancel(self, job_id: str) -> Job:
        """Stop a job: a queued one at once, a running one soon. A final one stays as it is."""
        ...

    def retry(self, job_id: str) -> Job:
        """Queue a failed, cancelled or quarantined job again, with fresh attempts."""
        ...

    def pause(self, job_id: str) -> Job:
        """Hold a queued job back.

        Raises:
            Conflict: The job runs, or has ended.
        """
        ...

    def resume(self, job_id: str) -> Job: ...

    def prioritize(self, job_id: str, priority: Priority) -> Job: ...

    def delete(self, job_id: str) -> None:
        """Put a final job into the trash for seven days.

        Raises:
            Conflict: The job has not ended; cancel it first.
        """
        ...

    def watch(self, job_id: str) -> Iterator[Job]:
        """Give the job now and after each change, until it is final."""
        ...
