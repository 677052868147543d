"""T2: at each point of a job's road the process is killed, stopped for two leases, or broken."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import NewJob
from dubbing_pipeline.utils.clock import SystemClock
from lib.chaos import read_effects
from lib.fault_process import POINTS
from lib.history import judge
from lib.redis_server import RedisServer, running_redis
from lib.stores import open_store
from lib.waiting import wait_until

LEASE_S = 1.0
PROCESS = Path(__file__).parents[1] / "lib" / "fault_process.py"


class Stage:
    """A folder, a store, a Redis, and the two processes of one run."""

    def __init__(self, folder: Path, server: RedisServer) -> None:
        self.folder = folder
        (folder / "effects").mkdir()
        (folder / "state").mkdir(mode=0o700)
        self.server = server
        self.store: JobStore = open_store(folder / "state", SystemClock())
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, *, point: str = "", action: str = "", submits: bool = False) -> Any:
        config = {
            "folder": str(self.folder),
            "redis_url": self.server.url,
            "role": "all",
            "name": name,
            "point": point,
            "action": action,
            "submits": submits,
            "lease_s": LEASE_S,
            "slots": 1,
        }
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(config))
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, str(PROCESS), str(path)], stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def strand_a_job(self) -> None:
        """Leave a job with a lease that has run out, for the sweep to find."""
        spec = {"script": [["stage", "mix"]], "folder": str(self.folder)}
        self.store.create(NewJob("dub", "bob", "film", spec))
        assert self.store.claim_next("ghost", 0.01) is not None

    def close(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        self.store.database.close()

    def unended(self) -> int:
        with self.store.database.read() as connection:
            row = connection.execute("SELECT count(*) FROM jobs WHERE finished_at IS NULL")
            return int(row.fetchone()[0])

    def answered(self) -> list[str]:
        path = self.folder / "answers.subject"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, server: RedisServer) -> Iterator[Stage]:
    server.talk("FLUSHALL")
    made = Stage(tmp_path, server)
    yield made
    made.close()


@pytest.mark.parametrize("action", ["kill", "stop", "raise"])
@pytest.mark.parametrize("point", POINTS)
def test_a_strike_loses_nothing_and_doubles_nothing(stage: Stage, point: str, action: str) -> None:
    if "sweep" in point:
        stage.strand_a_job()
    subject = stage.start("subject", point=point, action=action, submits=True)
    wait_until((stage.folder / "struck").exists, f"{point} is reached", 30)
    timer = threading.Timer(2 * LEASE_S, subject.send_signal, [signal.SIGCONT])
    if action == "stop":
        timer.start()
    stage.start("heir")
    wait_until((stage.folder / "ready.heir").exists, "the heir works", 30)
    wait_until(lambda: stage.unended() == 0, "every job ends", 30)
    if action == "stop":
        timer.join()
    effects = read_effects(stage.folder / "effects")
    verdict = judge(stage.store.history(), answered=stage.answered(), effects=effects)
    assert verdict.good, verdict
