"""``Supervisor``: the other end of a child's pipes, as the work inside the child sees it."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dubbing_pipeline.errors import Cancelled
from dubbing_pipeline.runtime.child_pipe import DRAIN_STAGE_S, encode
from dubbing_pipeline.utils.clock import Clock


class Supervisor:
    """The other end, as the work sees it. Calls come from the work's own thread."""

    def __init__(self, output: int, clock: Clock) -> None:
        self._output = output
        self._clock = clock
        self._write_lock = threading.Lock()
        self._granted = threading.Condition()
        self._grants: dict[str, int] = {}
        self._stop: str | None = None
        self._drain_until_s = float("inf")
        self._stage = ""

    def send(self, message: Mapping[str, Any]) -> None:
        data = encode(message)
        with self._write_lock:
            while data:
                data = data[os.write(self._output, data) :]

    def report(self, stage: str, share: float) -> None:
        """Tell progress, and learn whether to stop.

        Raises:
            Cancelled: The work shall end here; what was committed is kept.
        """
        begins = stage != self._stage
        self._stage = stage
        self.send({"stage": stage, "share": share})
        self.check(between_stages=begins)

    def check(self, *, between_stages: bool = False) -> None:
        """Raise if the work shall end: at once, or for a drain between stages or when it is due."""
        drained = self._stop == "drained"
        is_due = between_stages or self._clock.monotonic_s() >= self._drain_until_s
        if self._stop is not None and (not drained or is_due):
            raise Cancelled("runtime.stopped", why=self._stop)

    def pin(self, artifacts: Mapping[str, str]) -> None:
        """Name artifacts that must be kept while the job runs."""
        self.send({"pin": dict(artifacts)})

    @contextmanager
    def slot(self, resource: str) -> Iterator[None]:
        """Hold a slot of a resource; waiting for it is no stall."""
        self.send({"want": resource})
        with self._granted:
            self._granted.wait_for(lambda: self._grants.get(resource, 0) > 0 or self._must_end())
            if self._grants.get(resource, 0) > 0:
                self._grants[resource] -= 1
        self.check()
        try:
            yield
        finally:
            self.send({"free": resource})

    def _must_end(self) -> bool:
        return self._stop is not None

    def take(self, message: Mapping[str, Any]) -> None:
        """Act on a line of the supervisor."""
        with self._granted:
            if "grant" in message:
                resource = str(message["grant"])
                self._grants[resource] = self._grants.get(resource, 0) + 1
            if "stop" in message:
                self._stop = str(message["stop"])
                self._drain_until_s = self._clock.monotonic_s() + DRAIN_STAGE_S
            self._granted.notify_all()
