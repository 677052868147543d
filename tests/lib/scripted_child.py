"""A child whose work is written in the job: what the queue's tests and the chaos run execute.

The spec's ``script`` is a list of steps: ``["stage", name]``, ``["sleep", s]``, ``["write", name]``,
``["fail", class]``, ``["exit", status]``, ``["kill"]``, ``["hang"]``, ``["busy", s]``,
``["spawn", seconds]``, ``["silent"]``, ``["defect"]``, ``["slot", resource, s]``, ``["freeze"]``.
An effect is a file made once with the epoch in its name: the history check looks for doubles.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dubbing_pipeline.errors import DubbingError, EngineUnreachable, InputRefused, OutOfSpace
from dubbing_pipeline.runtime.child import serve
from dubbing_pipeline.runtime.parent import Supervisor

_FAILURES: dict[str, type[DubbingError]] = {
    "permanent": InputRefused,
    "transient": EngineUnreachable,
    "resource": OutOfSpace,
}


class Play:
    def __init__(self, call: Mapping[str, Any], supervisor: Supervisor) -> None:
        self.call = call
        self.supervisor = supervisor
        self.stage = ""

    def run(self) -> dict[str, Any]:
        for name, *values in self.call["script"]:
            getattr(self, f"do_{name}")(*values)
        return {"artifacts": {}, "outputs": [], "metrics": {}}

    def do_stage(self, name: str) -> None:
        self.stage = name
        self.supervisor.report(name, 0.0)

    def do_sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds  # noqa: TID251 - this is the work
        while (left := end - time.monotonic()) > 0:  # noqa: TID251
            time.sleep(min(0.05, left))  # noqa: TID251
            self.supervisor.report(self.stage, 0.5)

    def do_write(self, name: str) -> None:
        path = Path(self.call["folder"]) / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{self.call.get('epoch', 0)}\n".encode())
        os.fsync(handle)
        os.close(handle)

    def do_fail(self, failure: str) -> None:
        raise _FAILURES[failure]("tests.scripted", detail=failure)

    def do_defect(self) -> None:
        raise RuntimeError(self.stage)

    def do_exit(self, status: int) -> None:
        os._exit(status)

    def do_kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def do_freeze(self) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    def do_hang(self) -> None:
        threading.Event().wait()

    def do_silent(self) -> None:
        self.supervisor._output = os.open(os.devnull, os.O_WRONLY)
        self.do_hang()

    def do_busy(self, seconds: float) -> None:
        end = time.monotonic() + seconds  # noqa: TID251
        while time.monotonic() < end:  # noqa: TID251
            pass

    def do_spawn(self, seconds: float) -> None:
        """Start a program as ``utils.process`` does: in a session of its own, dying with us."""
        folder = Path(self.call["folder"])
        program = ["setpriv", "--pdeathsig", "KILL", "sleep", str(seconds)]
        running = subprocess.Popen(program, start_new_session=True)
        (folder / "spawned.pid").write_text(str(running.pid))

    def do_slot(self, resource: str, seconds: float) -> None:
        with self.supervisor.slot(resource):
            self.do_write(f"{resource}.begin")
            self.do_sleep(seconds)
            self.do_write(f"{resource}.end")


def work(call: Mapping[str, Any], supervisor: Supervisor) -> Mapping[str, Any]:
    return Play(call, supervisor).run()


if __name__ == "__main__":
    serve(work, int(sys.argv[1]), life_sign_s=0.05)
