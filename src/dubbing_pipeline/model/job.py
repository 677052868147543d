"""A job: one request to make something of one input, and the states it can be in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JobKind = Literal["dub", "respeak", "render"]
JobState = Literal["queued", "running", "done", "failed", "cancelled", "quarantined", "handed"]
"""``handed`` is reserved for a second engine (a job given away); nothing here makes it."""

Priority = Literal[0, 1, 2]
"""Class of a job: 0 high, 1 normal, 2 low. Waiting raises it by one class every ten minutes."""

HIGH: Priority = 0
NORMAL: Priority = 1
LOW: Priority = 2

FINAL: frozenset[JobState] = frozenset({"done", "failed", "cancelled", "quarantined"})

MOVES: Mapping[JobState, frozenset[JobState]] = {
    "queued": frozenset({"running", "cancelled"}),
    "running": frozenset({"queued", "done", "failed", "cancelled", "quarantined"}),
    "done": frozenset(),
    "failed": frozenset({"queued"}),
    "cancelled": frozenset({"queued"}),
    "quarantined": frozenset({"queued"}),
    "handed": frozenset(),
}
"""Every allowed change of state. Back to ``queued`` from a final state is a person's retry."""

LOCAL_OWNER = "local"
"""Owner of everything that the command line submits without a server."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job is where it is: a code of the catalogue with its parameters."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a job was tried in vain, by the class of what happened.

    ``errors`` are failures that said so. ``crashes`` are children that died while their
    supervisor lived. ``interruptions`` are deaths of a supervisor or of the host.
    """

    errors: int = 0
    crashes: int = 0
    interruptions: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running job is: the stage and its share, 0 to 1."""

    stage: str = ""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """One row of ``jobs``. Times are UTC in ISO 8601; None is "not yet".

    ``epoch`` grows with every claim and is never reset: it fences late writes of a worker that
    lost its lease. ``available_at`` None means at once. ``engine_run`` is another engine's name
    for its run.
    """

    id: str
    kind: JobKind
    owner_id: str
    state: JobState
    priority: Priority
    title: str
    spec: Mapping[str, Any]
    created_at: str
    epoch: int = 0
    parent_job_id: str | None = None
    input_id: str | None = None
    available_at: str | None = None
    attempts: Attempts = Attempts()
    paused: bool = False
    cancel_requested_at: str | None = None
    reason: Reason | None = None
    progress: Progress = Progress()
    started_at: str | None = None
    finished_at: str | None = None
    deleted_at: str | None = None
    engine: str = "local"
    engine_run: str | None = None

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is needed to make a job. ``spec`` is JSON; the queue does not look inside."""

    kind: JobKind
    owner_id: str
    title: str
    spec: Mapping[str, Any]
    priority: Priority = NORMAL
    input_id: str | None = None
    parent_job_id: str | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file for the output folder: an artifact's key and the name people shall see."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a job made: artifact keys by role, and the files to lay into the output folder."""

    artifacts: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[OutputFile, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The work came to its end."""

    manifest: Manifest = Manifest()


@dataclass(frozen=True, slots=True)
class Failed:
    """The work said why it cannot end. ``failure`` decides whether it is tried again."""

    failure: Literal["permanent", "transient", "resource", "crash"]
    reason: Reason
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The work was stopped from outside: by a cancel, a drain, or a lost lease."""

    why: Literal["cancelled", "drained", "lease_lost"]
    stage: str = ""


Outcome = Done | Failed | Stopped
"""How one run of a job ended."""
