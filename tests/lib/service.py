"""The command line as processes: a worker, and what is asked of it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


class Service:
    """One installation in a folder of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - programs are found as everywhere
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "DUBBING_PIPELINE_STATE_DIR": str(folder / "state"),
            "DUBBING_PIPELINE_OUTPUT_DIR": str(folder / "output"),
            "DUBBING_PIPELINE_LOG_DIR": str(folder / "log"),
            **settings,
        }
        self._workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self) -> subprocess.Popen[bytes]:
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "dubbing_pipeline", "worker"],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        self._workers.append(worker)
        return worker

    def ask(self, *words: str) -> Any:
        """Call `dub … --json` and give its answer."""
        done = subprocess.run(
            [sys.executable, "-m", "dubbing_pipeline", *words, "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def stage_of(self, job_id: str) -> str:
        stage: str = self.ask("jobs", "show", job_id)["job"]["progress"]["stage"]
        return stage

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()


def descendants(pid: int) -> set[int]:
    """List all processes that descend from one."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
    found, waiting = set(), [pid]
    while waiting:
        parent = waiting.pop()
        children = {child for child, of in parents.items() if of == parent}
        found |= children
        waiting += children
    return found


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
