"""The one maker of Redis clients, and the one list of the names we use in Redis.

Time-outs are explicit and nothing is retried behind our back: redis-py's defaults cut blocking
reads after 5 s and send a command again up to ten times, which doubles entries of a stream.
Errors of the library become ``BackendUnavailable`` (no or no timely answer) or ``BackendUnfit``
(the server says that it cannot do our work).
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from dubbing_pipeline.errors import BackendUnavailable, BackendUnfit

CONNECT_TIMEOUT_S = 1.0
COMMAND_TIMEOUT_S = 1.0
BLOCK_MS = 2000
READ_TIMEOUT_S = 5.0
"""Longer than ``BLOCK_MS``: else an idle queue would look like a dead server."""
MAX_CONNECTIONS = 8

CANCEL_CHANNEL = "dp:jobs:cancel"
LIMIT_PREFIX = "dp:limit:"

GONE = frozenset({"nogroup", "unblocked"})
"""The stream or its group has vanished: make it again, then reconcile."""
_UNFIT = frozenset({"readonly", "oom", "noperm", "wrongtype"})
_WORDS = {
    "READONLY": "readonly",
    "OOM": "oom",
    "NOPERM": "noperm",
    "WRONGTYPE": "wrongtype",
    "NOGROUP": "nogroup",
    "UNBLOCKED": "unblocked",
    "NOAUTH": "noauth",
    "WRONGPASS": "noauth",
    "LOADING": "loading",
    "MASTERDOWN": "readonly",
    "MISCONF": "misconf",
}
_TYPES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ReadOnlyError, "readonly"),
    (exceptions.OutOfMemoryError, "oom"),
    (exceptions.NoPermissionError, "noperm"),
    (exceptions.BusyLoadingError, "loading"),
    (exceptions.AuthenticationError, "noauth"),
    (exceptions.TimeoutError, "timeout"),
    (exceptions.ConnectionError, "connection"),
)


@dataclass(frozen=True, slots=True)
class KeyPatterns:
    """Every name we use in Redis: what an access list has to allow."""

    keys: tuple[str, ...]
    channels: tuple[str, ...]


def owner_key(stream: str) -> str:
    """Name the key that holds the id of the store a stream belongs to."""
    return f"{stream}:owner"


def canary_key(stream: str, incarnation: str) -> str:
    """Name the small stream on which one process tries whether Redis does our work."""
    return f"{stream}:canary:{incarnation}"


def key_patterns(stream: str) -> KeyPatterns:
    """List all names for a configured stream key, as patterns of Redis's access lists."""
    return KeyPatterns(
        keys=(stream, owner_key(stream), canary_key(stream, "*"), f"{LIMIT_PREFIX}*"),
        channels=(CANCEL_CHANNEL,),
    )


COMMANDS: tuple[str, ...] = (
    *("auth", "hello", "ping", "select", "info", "multi", "exec"),
    *("xadd", "xreadgroup", "xack", "xdel", "xautoclaim", "xclaim", "xlen", "xpending"),
    *("xgroup|create", "xgroup|delconsumer", "xinfo|consumers"),
    *("get", "set", "incr", "expire", "unlink", "publish", "subscribe", "unsubscribe"),
)
"""Every command we send, as access lists write them."""


def access_rules(stream: str) -> tuple[str, ...]:
    """Give the rules of an access list (``ACL SETUSER name on >secret RULES``) that suffice."""
    patterns = key_patterns(stream)
    return (
        *("resetkeys", "resetchannels", "-@all"),
        *(f"~{pattern}" for pattern in patterns.keys),
        *(f"&{channel}" for channel in patterns.channels),
        *(f"+{command}" for command in COMMANDS),
    )


def _keepalive() -> dict[int, int]:
    wanted = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 5000}
    return {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}


def _client(url: str, timeout_s: float) -> Any:
    unix = url.startswith("unix:")
    alive: dict[str, Any] = (
        {} if unix else {"socket_keepalive": True, "socket_keepalive_options": _keepalive()}
    )
    return Redis.from_url(
        url,
        decode_responses=True,
        protocol=2,
        driver_info=None,  # CLIENT SETINFO is not known before Redis 7.2
        socket_timeout=timeout_s,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=MAX_CONNECTIONS,
        health_check_interval=0,
        **alive,
    )


class RedisLink:
    """Clients of one server: for short commands, for blocking reads, for subscriptions."""

    def __init__(self, url: str) -> None:
        self.commands: Any = _client(url, COMMAND_TIMEOUT_S)
        self.reader: Any = _client(url, READ_TIMEOUT_S)

    async def close(self) -> None:
        await self.commands.aclose(close_connection_pool=True)
        await self.reader.aclose(close_connection_pool=True)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors into ours.

    Raises:
        BackendUnfit: The server says that it cannot do our work.
        BackendUnavailable: There was no answer, or an error of another kind.
    """
    try:
        yield
    except (exceptions.RedisError, OSError, TimeoutError) as error:
        raise _ours(error) from error


def _ours(error: Exception) -> BackendUnavailable:
    reason = reason_of(error)
    kind = BackendUnfit if reason in _UNFIT else BackendUnavailable
    return kind("utils.redis_unavailable", reason=reason, detail=str(error)[:200])


def reason_of(error: Exception) -> str:
    """Say in one word why Redis did not do what was asked."""
    words = str(error).split(maxsplit=1)
    if words and words[0] in _WORDS:
        return _WORDS[words[0]]
    for kind, reason in _TYPES:
        if isinstance(error, kind):
            return reason
    return "connection" if isinstance(error, OSError) else "error"
