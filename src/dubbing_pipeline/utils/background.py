"""Loops: something with a ``run_once`` that is called again and again until it is stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

_log = structlog.get_logger(__name__)

LONGEST_BACKOFF_S = 5.0
CANCEL_AGAIN_S = 0.5

Pause = float | Callable[[], float]


class Loop:
    """Calls ``run_once``, waits, calls again. An error is logged and the loop goes on, slower.

    Starting twice, stopping twice and stopping before the start do no harm.
    """

    def __init__(self, name: str, run_once: Callable[[], Awaitable[object]], pause: Pause) -> None:
        self.name = name
        self._run_once = run_once
        self._pause = pause
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failures = 0

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name=self.name)

    def wake(self) -> None:
        """End the present wait."""
        self._wake.set()

    async def stop(self) -> None:
        """Cancel the loop and wait for its end."""
        task, self._task = self._task, None
        while task is not None and not task.done():
            # Again and again: a library that is just connecting may swallow a cancel.
            task.cancel()
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)

    async def _run(self) -> None:
        while True:
            await self._turn()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._next_pause_s())
            self._wake.clear()

    async def _turn(self) -> None:
        try:
            await self._run_once()
        except Exception:  # noqa: BLE001 - a loop is an edge: it outlives whatever happened
            self._failures += 1
            _log.exception("loop_failed", loop=self.name, failures=self._failures)
        else:
            self._failures = 0

    def _next_pause_s(self) -> float:
        pause_s = self._pause if isinstance(self._pause, float) else self._pause()
        if self._failures == 0:
            return pause_s
        return max(pause_s, min(LONGEST_BACKOFF_S, 0.2 * 2.0 ** min(self._failures, 10)))
