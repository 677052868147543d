"""Names that nobody else has: ids of things, and of one life of a process."""

import secrets
from collections.abc import Callable
from uuid import UUID

from dubbing_pipeline.utils.clock import Clock

RandomBytes = Callable[[int], bytes]


def new_id(clock: Clock, *, random: RandomBytes = secrets.token_bytes) -> str:
    """Make a UUID of version 7 (RFC 9562, section 5.7): ids sort by the time they were made.

    48 bits of Unix time in milliseconds, the version, and 74 random bits.
    """
    milliseconds = int(clock.now().timestamp() * 1000)
    value = (milliseconds << 80) | int.from_bytes(random(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return str(UUID(int=value))


def incarnation(hostname: str, pid: int, *, random: RandomBytes = secrets.token_bytes) -> str:
    """Name one life of a process: ``<hostname>:<pid>:<random>``.

    The random part tells it from a successor, because process numbers repeat in containers.
    """
    return f"{hostname}:{pid}:{random(4).hex()}"
