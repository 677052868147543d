"""``Scheduler``: how much this process may do at once. Order is the store's; this is only room.

Jobs: ``slots`` ordinary ones, and one interactive slot beside them, so that speaking one line
again never waits behind a film. Inside a job, a stage holds a slot of the resource it needs:
cpu, network and disk are counted per process, each GPU per host by a lock file.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

Resource = Literal["cpu", "gpu", "net", "disk"]
SlotKind = Literal["ordinary", "interactive"]

GPU_LOOK_S = 0.2


class Scheduler:
    """Slots of one process.

    Args:
        slots: Ordinary jobs at once.
        resources: How many stages of a resource at once; one that is missing has no limit.
        gpu_locks: One file a device; all processes of the host name the same.
    """

    def __init__(
        self,
        slots: int,
        *,
        resources: Mapping[Resource, int] | None = None,
        gpu_locks: Sequence[Path] = (),
    ) -> None:
        self._free: dict[SlotKind, int] = {"ordinary": slots, "interactive": 1}
        self._resources = {
            name: asyncio.Semaphore(count) for name, count in (resources or {}).items()
        }
        self._gpu_locks = tuple(gpu_locks)
        self._freed = asyncio.Event()
        self._closed = False

    def room(self, kind: SlotKind = "ordinary") -> int:
        """Give the number of jobs that may still start."""
        return 0 if self._closed else self._free[kind]

    def take(self, kind: SlotKind) -> None:
        self._free[kind] -= 1

    def give_back(self, kind: SlotKind) -> None:
        self._free[kind] += 1
        self._freed.set()

    def close(self) -> None:
        """Start nothing more."""
        self._closed = True
        self._freed.set()

    async def wait_for_room(self, limit_s: float) -> None:
        """Wait until a slot is given back, at most so long."""
        self._freed.clear()
        try:
            async with asyncio.timeout(limit_s):
                await self._freed.wait()
        except TimeoutError:
            return

    @asynccontextmanager
    async def hold(self, resource: Resource) -> AsyncIterator[None]:
        """Hold a slot of a resource while a stage runs."""
        if resource == "gpu" and self._gpu_locks:
            async with _gpu(self._gpu_locks):
                yield
        elif resource in self._resources:
            async with self._resources[resource]:
                yield
        else:
            yield


@asynccontextmanager
async def _gpu(locks: Sequence[Path]) -> AsyncIterator[None]:
    """Hold any one of the devices; the kernel frees the lock of a process that dies."""
    handle = _lock_one(locks)
    while handle is None:
        await asyncio.sleep(GPU_LOOK_S)
        handle = _lock_one(locks)
    try:
        yield
    finally:
        os.close(handle)


def _lock_one(locks: Sequence[Path]) -> int | None:
    for path in locks:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        else:
            return handle
    return None
