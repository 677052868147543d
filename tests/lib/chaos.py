"""The chaos run: real processes, a real Redis, random faults, and a judgement of the history."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.utils.clock import SystemClock
from lib.history import Verdict, judge
from lib.redis_server import RedisServer
from lib.stores import open_store
from lib.waiting import wait_until

PROCESS = Path(__file__).with_name("chaos_process.py")
STREAM, GROUP = "dp:jobs:stream", "dp:jobs:workers"
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything. ``store`` names a store of ``lib.mutants``.

    ``no_reconcile`` leaves a job to its hint alone: no comparison, no poll, no look of a freed
    slot. ``deaf_keeper`` never tells a run that its lease is lost, so that the fence is the only
    thing between a zombie and the store.
    """

    jobs: int = 300
    seed: int = 1
    kills: int = 10
    pauses: int = 3
    redis_faults: int = 6
    workers: int = 4
    submitters: int = 2
    slots: int = 2
    lease_s: float = 2.0
    longest_s: float = 0.3
    rate: float = 8.0
    redis_kinds: str = "restart,empty,flush,stream,group"
    store: str = "none"
    no_reconcile: bool = False
    deaf_keeper: bool = False
    patience_s: float = PATIENCE_S


@dataclass(slots=True)
class Result:
    """What came out of a run."""

    plan: Plan
    verdict: Verdict
    faults: dict[str, int]
    events: dict[str, int]
    stuck: int
    stream_left: int
    pending_left: int
    outbox_left: int
    submit_ms: dict[str, float]
    wall_s: float
    restarts: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        clean = not (self.stuck or self.stream_left or self.pending_left or self.outbox_left)
        return self.verdict.good and clean

    def shown(self) -> dict[str, Any]:
        shown = asdict(self)
        for name in ("lost", "double", "disorder"):
            found = shown["verdict"][name]
            shown["verdict"][name] = len(found)
            shown["notes"] += found[:3]
        return {**shown, "good": self.good}


class Crowd:
    """Workers and submitters, each restarted when it was killed."""

    def __init__(self, folder: Path, plan: Plan, redis_url: str) -> None:
        self._folder = folder
        self._plan = plan
        self._redis_url = redis_url
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_all(self) -> None:
        for number in range(self._plan.submitters):
            self.start(f"api{number}", "api", jobs=self._plan.jobs // self._plan.submitters)
        for number in range(self._plan.workers):
            self.start(f"worker{number}", "worker")

    def start(self, name: str, role: str, jobs: int = 0) -> None:
        plan = self._plan
        config = {
            **asdict(plan),
            "folder": str(self._folder),
            "redis_url": self._redis_url,
            "role": role,
            "name": name,
            "jobs": jobs,
            "seed": f"{plan.seed}.{name}",
            "rate": plan.rate / plan.submitters,
        }
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(config))
        log = (self._folder / f"{name}.log").open("ab")
        self._processes[name] = subprocess.Popen(
            [sys.executable, str(PROCESS), str(path)], stdout=log, stderr=log
        )
        log.close()

    def workers(self) -> list[str]:
        return [name for name in self._processes if name.startswith("worker")]

    def kill(self, name: str) -> None:
        process = self._processes[name]
        process.kill()
        process.wait()
        self.start(name, "worker")

    def pause(self, name: str) -> None:
        self._processes[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self._processes[name].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run(plan: Plan, folder: Path | None = None) -> Result:
    """Run the crowd under faults until every job has ended, then judge."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        place = folder or Path(temporary)
        for name in ("effects", "redis"):
            (place / name).mkdir()
        (place / "state").mkdir(mode=0o700)
        server = RedisServer(place / "redis")
        server.start()
        store = open_store(place / "state", SystemClock())
        crowd = Crowd(place, plan, server.url)
        try:
            return _run(plan, place, server=server, store=store, crowd=crowd)
        finally:
            crowd.stop()
            server.kill()
            store.database.close()


def _run(plan: Plan, folder: Path, *, server: RedisServer, store: JobStore, crowd: Crowd) -> Result:
    begin = time.monotonic()  # noqa: TID251
    crowd.start_all()
    faults = Faults(plan, crowd, server)
    faults.run_until(lambda: submitted(folder) == plan.submitters)
    stuck = 0
    try:
        wait_until(lambda: unended(store) == 0, "all jobs end", plan.patience_s)
        wait_until(lambda: left(server) == (0, 0), "stream and pending list are empty", 20.0)
    except AssertionError:
        stuck = unended(store)
    length, pending = left(server)
    answers = [line.split() for path in folder.glob("answers.*") for line in _lines(path)]
    effects = read_effects(folder / "effects")
    events = store.history()
    return Result(
        plan=plan,
        verdict=judge(events, answered=[answer[0] for answer in answers], effects=effects),
        faults=dict(faults.done),
        events=dict(Counter(event.event for event in events)),
        stuck=stuck,
        stream_left=length,
        pending_left=pending,
        outbox_left=_count(store, "SELECT count(*) FROM queue_outbox"),
        submit_ms=_percentiles([float(answer[1]) for answer in answers]),
        wall_s=round(time.monotonic() - begin, 1),  # noqa: TID251
    )


class Faults:
    """Spreads the plan's faults over the time of the submits."""

    def __init__(self, plan: Plan, crowd: Crowd, server: RedisServer) -> None:
        self._chance = random.Random(plan.seed)  # noqa: S311
        self._crowd = crowd
        self._server = server
        self._lease_s = plan.lease_s
        self._kinds = plan.redis_kinds.split(",")
        self.done: Counter[str] = Counter()
        todo = ["kill"] * plan.kills + ["pause"] * plan.pauses + ["redis"] * plan.redis_faults
        self._chance.shuffle(todo)
        self._todo = todo
        self._gap_s = (plan.jobs / plan.rate) / (len(todo) + 1)

    def run_until(self, ended: Any) -> None:
        pause = threading.Event()
        while self._todo or not ended():
            pause.wait(self._gap_s * self._chance.uniform(0.5, 1.5) if self._todo else 0.2)
            if self._todo:
                getattr(self, f"_{self._todo.pop()}")()

    def _kill(self) -> None:
        self._crowd.kill(self._chance.choice(self._crowd.workers()))
        self.done["kill"] += 1

    def _pause(self) -> None:
        name = self._chance.choice(self._crowd.workers())
        self._crowd.pause(name)
        timer = threading.Timer(1.8 * self._lease_s, self._crowd.go_on, [name])
        timer.daemon = True
        timer.start()
        self.done["pause"] += 1

    def _redis(self) -> None:
        kind = self._chance.choice(self._kinds)
        self.done[f"redis {kind}"] += 1
        if kind == "restart":
            self._server.kill()
            self._server.start()
        elif kind == "empty":
            self._server.restart_empty()
        else:
            words = {
                "flush": ("FLUSHALL",),
                "stream": ("DEL", STREAM),
                "group": ("XGROUP", "DESTROY", STREAM, GROUP),
            }[kind]
            self._server.talk(*words)


def read_effects(folder: Path) -> dict[str, list[int]]:
    """Read which epochs believed that their end was accepted, by job."""
    return {path.name: [int(line) for line in _lines(path)] for path in folder.iterdir()}


def submitted(folder: Path) -> int:
    return len(list(folder.glob("submitted.*")))


def unended(store: JobStore) -> int:
    return _count(store, "SELECT count(*) FROM jobs WHERE finished_at IS NULL")


def left(server: RedisServer) -> tuple[int, int]:
    """Count entries of the stream, and those among them that are pending."""
    length = server.talk("XLEN", STREAM)
    pending = server.talk("XPENDING", STREAM, GROUP).split(b"\r\n")
    return int(length.strip()[1:] or 0), int(pending[1][1:]) if len(pending) > 1 else 0


def _count(store: JobStore, statement: str) -> int:
    with store.database.read() as connection:
        return int(connection.execute(statement).fetchone()[0])


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    last = len(ordered) - 1
    return {
        name: round(ordered[round(last * share)], 2)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


def cores() -> int:
    return os.cpu_count() or 1
