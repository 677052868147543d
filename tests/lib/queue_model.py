"""The queue's promises as invariants over a real store, and a Redis that may do anything.

``World`` drives the real ``JobStore`` and ``Upkeep`` with a fake clock. Hints live in a list
that loses, doubles and reorders them. Workers remember every tenure they ever had, so zombies
arise by themselves. ``check`` raises when a promise is broken; the negative controls show that
it can.
"""

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from dubbing_pipeline.errors import DubbingError
from dubbing_pipeline.jobs.leases import Tenure
from dubbing_pipeline.jobs.outbox import SentHint
from dubbing_pipeline.jobs.policy import Caps, Policy, RetryLimits
from dubbing_pipeline.jobs.schema import MIGRATIONS
from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.model.job import MOVES, Failed, Manifest, NewJob, Reason, Stopped
from dubbing_pipeline.utils.sqlite import Database, driver, migrate
from fakes.clock import FakeClock

TTL_S = 60.0
CAP = 2
POLICY = Policy(caps=Caps(running=CAP), retries=RetryLimits(errors=3, crashes=3, interruptions=4))

_ILLEGAL_LEASES = """
SELECT count(*) FROM jobs j JOIN job_leases l ON l.job_id = j.id
WHERE (l.lease_owner IS NOT NULL) <> (j.state = 'running') OR l.epoch <> j.epoch
"""
_MISSING_ROWS = """
SELECT count(*) FROM jobs j LEFT JOIN queue_outbox o ON o.job_id = j.id AND o.kind = 'start'
WHERE (j.finished_at IS NULL) <> (o.job_id IS NOT NULL)
"""
_OVER_CAP = """
SELECT count(*) FROM (SELECT owner_id FROM jobs WHERE state = 'running' AND kind = 'dub'
  GROUP BY owner_id HAVING count(*) > ?)
"""


class Broken(AssertionError):
    """A promise of the queue does not hold."""


class MemoryDatabase(Database):
    """A store in memory, for the many short runs; it can be copied and set back."""

    def __init__(self) -> None:
        self.path = Path("jobs.db")
        self._lock = threading.RLock()
        self._readers = []
        self._closed = False
        self._writer = self._connect()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._writer

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = driver().connect(
            ":memory:", isolation_level=None, check_same_thread=False
        )
        connection.row_factory = driver().Row
        connection.execute("PRAGMA foreign_keys=ON")
        return connection


class World:
    """A store, its hints, and workers with long memories."""

    def __init__(
        self,
        kind: type[JobStore] = JobStore,
        *,
        upkeep: type[Upkeep] = Upkeep,
        database: Database | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.database = database or memory_database()
        migrate(self.database, MIGRATIONS)
        self.chance = random.Random(0)  # noqa: S311
        self._numbers = count()
        self.store = kind(
            self.database,
            clock=self.clock,
            policy=POLICY,
            boot_id="boot",
            chance=self.chance.random,
            make_id=lambda _: f"job{next(self._numbers):03}",
        )
        self.upkeep = upkeep(self.store, "loop")
        self.hints: list[str] = []
        self.tenures: list[Tenure] = []
        self.jobs: list[str] = []
        self._epochs: dict[str, int] = {}
        self._states: dict[str, str] = {}
        self._last_event = 0
        self._done: Counter[str] = Counter()
        self._newest: dict[str, int] = {}

    # What may happen

    def submit(self, owner: str, key: str | None = None) -> None:
        job = self.store.create(NewJob("dub", owner, "film", {}), key=key)
        if job.id not in self.jobs:
            self.jobs.append(job.id)

    def send_hints(self) -> None:
        due = self.upkeep.due_hints()
        self.hints += [hint.job_id for hint in due if hint.kind == "start"]
        self.upkeep.mark_sent([SentHint(h.job_id, h.kind, "sent", "1-0") for h in due])

    def send_unmarked(self) -> None:
        """Send and die before marking: the hints double."""
        self.hints += [hint.job_id for hint in self.upkeep.due_hints() if hint.kind == "start"]

    def send_local(self) -> None:
        due = self.upkeep.due_hints()
        self.upkeep.mark_sent([SentHint(h.job_id, h.kind, "sent_l1") for h in due])

    def lose_hints(self) -> None:
        self.hints.clear()

    def shuffle_hints(self) -> None:
        self.chance.shuffle(self.hints)

    def claim(self, worker: str, *, by_hint: bool = True) -> bool:
        if by_hint:
            if not self.hints:
                return False
            self.hints.pop(0)
        claimed = self.store.claim_next(worker, TTL_S)
        if claimed is not None:
            self._newest[claimed.job.id] = len(self.tenures)
            self.tenures.append(claimed.tenure)
        return claimed is not None

    def beat(self, which: int) -> None:
        tenure = self.tenures[which]
        lost = tenure.job_id in self.store.beat([tenure], TTL_S).lost
        self._expect_owner(which, accepted=not lost)

    def finish(self, which: int) -> None:
        self._expect_owner(which, accepted=self.store.finish(self.tenures[which], Manifest()))

    def fail(self, which: int, failure: str) -> None:
        failed = Failed(failure, Reason("tests.model"), "mix")  # type: ignore[arg-type]
        self._expect_owner(which, accepted=self.store.fail(self.tenures[which], failed))

    def stop(self, which: int) -> None:
        self._expect_owner(which, accepted=self.store.stop(self.tenures[which], Stopped("drained")))

    def _expect_owner(self, which: int, *, accepted: object) -> None:
        """Only the newest claim of a job may write, whatever names and numbers it was given."""
        job_id = self.tenures[which].job_id
        if accepted and self._newest[job_id] != which:
            message = f"an old claim of {job_id} was believed"
            raise Broken(message)

    def cancel(self, job_id: str) -> None:
        self.store.cancel(job_id)

    def retry(self, job_id: str) -> None:
        try:
            self.store.retry(job_id)
        except DubbingError:
            return  # not in a state for it: that is an answer, too

    def pause(self, job_id: str, *, paused: bool) -> None:
        try:
            self.store.set_paused(job_id, paused=paused)
        except DubbingError:
            return

    def sweep(self) -> None:
        self.upkeep.reap(TTL_S)
        self.upkeep.missing_hints(len(self.hints))

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def reboot(self) -> None:
        self.store.boot_id += "'"

    # What must hold

    def check(self) -> None:
        """Look at everything that happened and stands.

        Raises:
            Broken: A promise does not hold.
        """
        with self.database.read() as connection:
            self._expect_none(connection.execute(_ILLEGAL_LEASES), "a lease without its run")
            self._expect_none(connection.execute(_MISSING_ROWS), "an outbox row is missing")
            self._expect_none(connection.execute(_OVER_CAP, (CAP,)), "a cap is exceeded")
            rows = connection.execute("SELECT id, state, epoch FROM jobs").fetchall()
        for row in rows:
            self._check_job(row["id"], row["state"], row["epoch"])
        self._check_events()

    def _expect_none(self, found: sqlite3.Cursor, what: str) -> None:
        if found.fetchone()[0]:
            raise Broken(what)

    def _check_job(self, job_id: str, state: str, epoch: int) -> None:
        if epoch < self._epochs.get(job_id, 0):
            message = f"the epoch of {job_id} fell"
            raise Broken(message)
        self._epochs[job_id] = epoch
        before = self._states.get(job_id, state)
        if state != before and not _reachable(before, state):
            message = f"{job_id} went from {before} to {state}"
            raise Broken(message)
        self._states[job_id] = state

    def _check_events(self) -> None:
        for event in self.store.history(seq=self._last_event):
            self._last_event = event.seq
            if event.event != "done" or event.job_id is None:
                continue
            self._done[event.job_id] += 1
            if self._done[event.job_id] > 1:
                message = f"{event.job_id} was finished twice"
                raise Broken(message)
            if event.epoch != self._epochs.get(event.job_id):
                message = f"{event.job_id} was finished by epoch {event.epoch}"
                raise Broken(message)

    def forget(self) -> None:
        """Start the observations anew: the store was set back to another moment."""
        self._epochs.clear()
        self._states.clear()
        self._done.clear()
        self._last_event = 0

    def settle(self, steps: int = 200) -> None:
        """Let everything work, with hints only: every job must come to its end.

        Raises:
            Broken: A job is stranded.
        """
        for job_id in self.jobs:
            if self.store.get(job_id).paused:
                self.pause(job_id, paused=False)
        for _ in range(steps):
            self.advance(TTL_S + 1)
            self.sweep()
            self.send_hints()
            while self.hints and self.claim("last"):
                self.finish(len(self.tenures) - 1)
                self.check()
            self.hints.clear()
            while self.upkeep.has_local_work() and self.claim("last", by_hint=False):
                self.finish(len(self.tenures) - 1)
            if not self._unended():
                return
        message = f"stranded: {self._unended()}"
        raise Broken(message)

    def _unended(self) -> list[str]:
        with self.database.read() as connection:
            rows = connection.execute("SELECT id FROM jobs WHERE finished_at IS NULL").fetchall()
        return [row["id"] for row in rows]


def _reachable(before: str, after: str) -> bool:
    """One call may make two moves: a claim and its end, or an end and a retry."""
    first: frozenset[str] = MOVES[before]  # type: ignore[index]
    return after in first or any(after in MOVES[middle] for middle in first)  # type: ignore[index]


def memory_database() -> Database:
    return MemoryDatabase()
