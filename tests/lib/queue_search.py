"""A breadth-first search through everything that can happen to a small queue."""

import sqlite3
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.jobs.upkeep import Upkeep
from dubbing_pipeline.utils.sqlite import driver
from lib.queue_model import TTL_S, Broken, MemoryDatabase, World

WORKERS = ("w1", "w2")
LIMIT = 50_000

_ROWS = """
SELECT j.id, j.state, j.epoch, j.available_at, l.lease_owner, l.lease_expires_at, o.state,
  o.next_try_at
FROM jobs j LEFT JOIN job_leases l ON l.job_id = j.id
LEFT JOIN queue_outbox o ON o.job_id = j.id ORDER BY j.id
"""


@dataclass(frozen=True, slots=True)
class State:
    """One moment: the database, and what is outside of it."""

    image: sqlite3.Connection
    now_s: float
    hints: tuple[str, ...] = ()
    held: tuple[tuple[str, int], ...] = ()
    newest: tuple[tuple[str, int], ...] = ()
    pauses: int = 1
    flushes: int = 1
    crashes: int = 1
    doubles: int = 0
    waits: int = 1


@dataclass(slots=True)
class Found:
    """How much there was to see."""

    states: int = 0
    moves: int = 0
    ends: int = 0
    seen: set[Hashable] = field(default_factory=set)


class Search:
    """Tries every move in every state."""

    def __init__(self, kind: type[JobStore] = JobStore, *, upkeep: type[Upkeep] = Upkeep) -> None:
        self._database = MemoryDatabase()
        self._world = World(kind, upkeep=upkeep, database=self._database)
        self._fresh = self._world.clock.monotonic_s()
        for owner in ("ann", "bob"):
            self._world.submit(owner)

    def run(self) -> Found:
        """Search until nothing is new.

        Raises:
            Broken: A state or a way out of it breaks a promise.
        """
        found = Found()
        start = self._save(State(image=self._database._writer, now_s=0.0))
        waiting = deque([start])
        found.seen.add(self._key(start))
        while waiting:
            state = waiting.popleft()
            found.states += 1
            for move in self._moves(state):
                found.moves += 1
                after = self._try(state, move)
                key = self._key(after)
                if key not in found.seen:
                    found.seen.add(key)
                    waiting.append(self._save(after))
            found.ends += self._check_end(state)
            if found.states > LIMIT:
                message = f"more than {LIMIT} states"
                raise Broken(message)
        return found

    def _moves(self, state: State) -> list[Callable[[State], State]]:
        moves: list[Callable[[State], State]] = [self._send, self._sweep]
        for worker in WORKERS:
            if not any(holder == worker for holder, _ in state.held):
                if state.hints:
                    moves.append(lambda at, who=worker: self._claim(at, who))  # type: ignore[misc]
            else:
                moves.append(lambda at, who=worker: self._finish(at, who))  # type: ignore[misc]
                if state.crashes:
                    moves.append(lambda at, who=worker: self._crash(at, who))  # type: ignore[misc]
        left = (
            (state.pauses, self._pause),
            (state.flushes, self._flush),
            (state.doubles, self._double),
            (state.waits, self._wait),
        )
        moves += [move for times, move in left if times]
        return moves

    def _try(self, state: State, move: Callable[[State], State]) -> State:
        self._load(state)
        after = move(state)
        self._world.check()
        return after

    def _send(self, state: State) -> State:
        self._world.send_hints()
        return replace(state, hints=tuple(self._world.hints))

    def _double(self, state: State) -> State:
        """Send hints, and die before they are marked."""
        self._world.send_unmarked()
        return replace(state, hints=tuple(self._world.hints), doubles=state.doubles - 1)

    def _sweep(self, state: State) -> State:
        self._world.sweep()
        return state

    def _claim(self, state: State, worker: str) -> State:
        got = self._world.claim(worker)
        held = state.held
        if got:
            number = len(self._world.tenures) - 1
            held = tuple(sorted((*held, (worker, number))))
        return replace(state, hints=tuple(self._world.hints), held=held)

    def _finish(self, state: State, worker: str) -> State:
        number = dict(state.held)[worker]
        self._world.finish(number)
        return self._crashless(state, worker)

    def _crashless(self, state: State, worker: str) -> State:
        return replace(state, held=tuple(pair for pair in state.held if pair[0] != worker))

    def _crash(self, state: State, worker: str) -> State:
        return replace(self._crashless(state, worker), crashes=state.crashes - 1)

    def _pause(self, state: State) -> State:
        """Nobody beats for longer than a lease; whoever holds a job goes on as if nothing was."""
        self._world.advance(TTL_S + 60)
        return replace(state, pauses=state.pauses - 1, now_s=state.now_s + TTL_S + 60)

    def _wait(self, state: State) -> State:
        """Let a moment pass, so that what was taken back may run again; no lease ends by it."""
        self._world.advance(5)
        return replace(state, waits=state.waits - 1, now_s=state.now_s + 5)

    def _flush(self, state: State) -> State:
        self._world.lose_hints()
        return replace(state, hints=(), flushes=state.flushes - 1)

    def _check_end(self, state: State) -> int:
        """From every state the queue must be able to end all its jobs by itself."""
        self._load(state)
        ended = not self._world._unended()
        self._world.settle(steps=4)
        return int(ended)

    def _save(self, state: State) -> State:
        image: sqlite3.Connection = driver().connect(":memory:")
        self._database._writer.backup(image)
        return replace(state, image=image, newest=tuple(sorted(self._world._newest.items())))

    def _load(self, state: State) -> None:
        state.image.backup(self._database._writer)
        world = self._world
        world.clock.advance(self._fresh + state.now_s - world.clock.monotonic_s())
        world.hints = list(state.hints)
        world._newest = dict(state.newest)
        world.forget()

    def _key(self, state: State) -> Hashable:
        left = (state.pauses, state.flushes, state.crashes, state.doubles, state.waits)
        return self._stored(), state.hints, self._holders(state), left

    def _holders(self, state: State) -> Hashable:
        """Say of each worker what it believes, not by which path it came to believe it."""
        world = self._world
        return tuple(
            (worker, tenure.job_id, tenure.epoch, world._newest[tenure.job_id] == number)
            for worker, number in state.held
            for tenure in (world.tenures[number],)
        )

    def _stored(self) -> Hashable:
        now = self._world.clock.now()
        now_s = now.timestamp()
        with self._database.read() as connection:
            rows = connection.execute(_ROWS).fetchall()
        text = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        shown = tuple(
            (*row[:3], (row[3] or "") <= text, row[4], (row[5] or 0) <= now_s, row[6], row[7] or "")
            for row in rows
        )
        shown = tuple((*row[:7], row[7] <= text) for row in shown)
        return shown, self._world.store.runnable(limit=2)
