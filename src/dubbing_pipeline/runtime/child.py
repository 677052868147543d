"""The inside of the process a job runs in: talk to the supervisor, die with it, do the work.

``python -m dubbing_pipeline.runtime.child FD`` does a dub (``runtime.work``). ``serve`` is the
scaffold alone, which tests use with work of their own.

The kernel's parent-death signal fires when the *thread* that started us ends, so it is only the
second line of defence: a thread here reads the supervisor's pipe, and its end kills our whole
group at once. Programs we start carry a parent-death signal of their own.
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from dubbing_pipeline.errors import Cancelled, DubbingError
from dubbing_pipeline.runtime.child_pipe import LIFE_SIGN_S, decode
from dubbing_pipeline.runtime.parent import Supervisor
from dubbing_pipeline.utils.clock import Clock, SystemClock

_PR_SET_PDEATHSIG = 1

Work = Callable[[Mapping[str, Any], Supervisor], Mapping[str, Any]]
"""Does the work of a call; gives a manifest as JSON, or raises from ``errors``."""


def serve(
    work: Work, output: int, *, clock: Clock | None = None, life_sign_s: float = LIFE_SIGN_S
) -> None:
    """Read the call, do the work, say how it ended.

    Args:
        work: What to do.
        output: File descriptor of the pipe to the supervisor.
        clock: For the drain's limit.
        life_sign_s: Seconds between two signs of life.
    """
    die_with_parent()
    supervisor = Supervisor(output, clock or SystemClock())
    source = sys.stdin.buffer
    call = decode(source.readline())["call"]
    ended = threading.Event()
    threading.Thread(target=_listen, args=(source, supervisor), daemon=True).start()
    threading.Thread(target=_live, args=(supervisor, ended, life_sign_s), daemon=True).start()
    last = _outcome(work, call, supervisor)
    ended.set()
    supervisor.send(last)


def _outcome(work: Work, call: Mapping[str, Any], supervisor: Supervisor) -> Mapping[str, Any]:
    try:
        return {"done": dict(work(call, supervisor))}
    except Cancelled as error:
        return {"stopped": str(error.params.get("why", "cancelled"))}
    except DubbingError as error:
        return {
            "failed": {"failure": error.failure, "code": error.code, "params": dict(error.params)}
        }
    except Exception as error:  # noqa: BLE001 - the edge of a stage: a defect is a crash of the job
        params = {"kind": type(error).__name__, "detail": str(error)[:500]}
        return {"failed": {"failure": "crash", "code": "runtime.defect", "params": params}}


def die_with_parent() -> None:
    """Ask the kernel to kill us with the thread that started us; Linux only."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _listen(source: Any, supervisor: Supervisor) -> None:
    for line in source:
        supervisor.take(decode(line))
    # The pipe has ended: the supervisor is dead, however it died.
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _live(supervisor: Supervisor, ended: threading.Event, life_sign_s: float) -> None:
    while not ended.wait(life_sign_s):
        supervisor.send({"alive": True})


def main() -> None:
    """Do a dub: the work of ``runtime.work``."""
    from dubbing_pipeline.runtime.work import dub  # noqa: PLC0415 - loads the stages

    serve(dub, int(sys.argv[1]))


if __name__ == "__main__":
    main()
