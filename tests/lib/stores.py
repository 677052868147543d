"""A job store in a temporary folder, and short words for what tests do with it."""

from collections.abc import Callable
from pathlib import Path

from dubbing_pipeline.jobs.policy import Policy
from dubbing_pipeline.jobs.runs import Claimed
from dubbing_pipeline.jobs.schema import MIGRATIONS
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.model.job import Job, JobKind, NewJob, Priority
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.sqlite import Database, migrate

TTL_S = 60.0


def open_store(
    folder: Path,
    clock: Clock,
    *,
    policy: Policy | None = None,
    chance: Callable[[], float] = lambda: 0.5,
    boot_id: str = "boot",
) -> JobStore:
    database = Database(folder / "jobs.db")
    migrate(database, MIGRATIONS)
    return JobStore(
        database, clock=clock, policy=policy or Policy(), boot_id=boot_id, chance=chance
    )


def upkeep(store: JobStore, name: str = "loop") -> Upkeep:
    return Upkeep(store, name)


def submit(
    store: JobStore,
    owner: str = "ann",
    *,
    kind: JobKind = "dub",
    priority: Priority = 1,
    title: str = "film",
) -> Job:
    spec = {"mode": "low", "target_language": "es"}
    return store.create(
        NewJob(kind=kind, owner_id=owner, title=title, spec=spec, priority=priority)
    )


def claim(store: JobStore, owner: str = "w1", ttl_s: float = TTL_S) -> Claimed:
    claimed = store.claim_next(owner, ttl_s)
    assert claimed is not None, "nothing was runnable"
    return claimed
