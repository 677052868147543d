"""What the commands about jobs need: the store, the caller's jobs, and a worker's runtime."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dubbing_pipeline.cli.door import environment, open_settings
from dubbing_pipeline.config.settings import Settings
from dubbing_pipeline.engines.installation import engine_settings
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import LOCAL_OWNER
from dubbing_pipeline.runtime.from_settings import runtime_setup
from dubbing_pipeline.runtime.local_jobs import LocalJobs
from dubbing_pipeline.runtime.preparation import Preparation
from dubbing_pipeline.runtime.setup import (
    Role,
    RuntimeSetup,
    bring_up_to_date,
    make_store,
    open_database,
)
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.utils.clock import SystemClock
from dubbing_pipeline.utils.ids import incarnation


@dataclass(frozen=True, slots=True)
class Office:
    """The local store, and the jobs of whoever sits at this machine."""

    setup: RuntimeSetup
    store: JobStore
    jobs: LocalJobs


def worker_setup(settings: Settings, role: Role | None = None) -> RuntimeSetup:
    """Gather what a process of this installation is made of."""
    told = engine_settings(settings, environment(), threads=os.cpu_count() or 1)
    return runtime_setup(settings, told, role)


@contextmanager
def open_office() -> Iterator[Office]:
    """Open the local store for one command."""
    settings = open_settings()
    setup = worker_setup(settings)
    database = open_database(setup)
    try:
        store = make_store(database, setup, SystemClock())
        bring_up_to_date(store, setup.release)
        yield Office(setup, store, local_jobs(settings, store))
    finally:
        database.close()


def local_jobs(settings: Settings, store: JobStore) -> LocalJobs:
    """Give the jobs of the command line: owner ``local``, and nobody above it."""
    told = engine_settings(settings, environment(), threads=os.cpu_count() or 1)
    owner = incarnation(socket.gethostname(), os.getpid())
    preparation = Preparation(Registry(told), lambda: open_store(settings.public.state_dir, owner))
    return LocalJobs(store, LOCAL_OWNER, prepare=preparation.prepare, is_admin=True)
