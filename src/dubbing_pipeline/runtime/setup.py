"""What a runtime is made of, as plain values: nothing below here knows a settings object."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dubbing_pipeline.errors import SettingsError
from dubbing_pipeline.jobs.policy import Policy
from dubbing_pipeline.jobs.queue import Run
from dubbing_pipeline.jobs.schema import MIGRATIONS, SCHEMA_NUMBER
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.runtime.child_supervisor import ChildTimes
from dubbing_pipeline.runtime.dispatch import Level
from dubbing_pipeline.runtime.failover import FailoverTimes
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.sqlite import Database, migrate, schema_number

Role = Literal["all", "api", "worker"]

CHILD = (sys.executable, "-m", "dubbing_pipeline.runtime.child")


def _no_call(run: Run) -> Mapping[str, Any]:
    return dict(run.job.spec)


@dataclass(frozen=True, slots=True)
class QueueSetup:
    """The queue's own settings. ``redis_url`` None means level 1 for ever."""

    redis_url: str | None = None
    stream: str = "dp:jobs:stream"
    group: str = "dp:jobs:workers"
    ttl_s: float = 60.0
    visibility_s: float = 300.0
    safety_poll_s: float = 5.0
    reconcile_s: float = 5.0
    failover: FailoverTimes = field(default_factory=FailoverTimes)

    @property
    def wanted(self) -> Level:
        return 1 if self.redis_url is None else 2


@dataclass(frozen=True, slots=True)
class ChildSetup:
    """What runs a job: the program, its first message, and patience with it."""

    argv: tuple[str, ...] = CHILD
    call_for: Callable[[Run], Mapping[str, Any]] = _no_call
    times: ChildTimes = field(default_factory=ChildTimes)


@dataclass(frozen=True, slots=True)
class RuntimeSetup:
    """One process of the service."""

    state_dir: Path
    output_dir: Path
    role: Role = "all"
    release: str = "0"
    jobs_db_name: str = "jobs.db"
    log_dir: Path | None = None
    slots: int = 1
    work_days: int = 0
    policy: Policy = field(default_factory=Policy)
    queue: QueueSetup = field(default_factory=QueueSetup)
    child: ChildSetup = field(default_factory=ChildSetup)
    gpu_locks: tuple[Path, ...] = ()
    resources: Mapping[Literal["cpu", "gpu", "net", "disk"], int] = field(default_factory=dict)

    @property
    def executes(self) -> bool:
        return self.role != "api"


def boot_id() -> str:
    """Name this boot of the host; the lease of another boot is void."""
    source = Path("/proc/sys/kernel/random/boot_id")
    return source.read_text(encoding="ascii").strip() if source.exists() else "unknown"


def open_database(setup: RuntimeSetup) -> Database:
    """Open ``jobs.db`` without changing its schema."""
    return Database(setup.state_dir / setup.jobs_db_name)


def make_store(database: Database, setup: RuntimeSetup, clock: Clock) -> JobStore:
    return JobStore(database, clock=clock, policy=setup.policy, boot_id=boot_id())


def bring_up_to_date(store: JobStore, release: str) -> None:
    """Make an empty store, or migrate an older one unless another release still runs.

    Raises:
        SettingsError: Live processes of another release use the file, or it is too new.
    """
    with store.database.read() as connection:
        number = schema_number(connection)
    if 0 < number < SCHEMA_NUMBER:
        others = {row.release for row in Upkeep(store, "start").live_processes()} - {release}
        if others:
            raise SettingsError(
                "runtime.schema_behind",
                path=str(store.database.path),
                number=number,
                wanted=SCHEMA_NUMBER,
                others=", ".join(sorted(others)),
                command="dub release migrate",
            )
    migrate(store.database, MIGRATIONS)
