"""Waiting for what another process or thread does, with a limit, and no fixed pause in any test."""

import asyncio
import threading
import time
from collections.abc import Callable

LIMIT_S = 20.0
_STEP_S = 0.005


def wait_until(happened: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> float:
    """Ask until it has happened; gives the seconds it took."""
    start = time.monotonic()  # noqa: TID251 - measures other processes
    pause = threading.Event()
    while not happened():
        if time.monotonic() - start > limit_s:  # noqa: TID251
            message = f"not within {limit_s} s: {what}"
            raise AssertionError(message)
        pause.wait(_STEP_S)
    return time.monotonic() - start  # noqa: TID251


async def until(happened: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> float:
    """Ask until it has happened, letting other tasks run; gives the seconds it took."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    while not happened():
        if loop.time() - start > limit_s:
            message = f"not within {limit_s} s: {what}"
            raise AssertionError(message)
        await asyncio.sleep(_STEP_S)
    return loop.time() - start
