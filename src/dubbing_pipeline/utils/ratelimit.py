"""A limit of calls a minute: counted in Redis for all processes, in memory when it is away.

Redis is asked with a time-out of 50 ms; a caller never waits longer for it. After a failure it
is left alone for a few seconds, and every process counts by itself: less strict, never closed.
"""

import threading
from collections import defaultdict
from typing import Any

from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.redis_link import LIMIT_PREFIX

REDIS_TIMEOUT_S = 0.05
LEAVE_ALONE_S = 5.0
WINDOW_S = 60


class RateLimiter:
    """Counts calls by name in windows of a minute.

    Args:
        clock: The time.
        redis_url: Where all processes count together; None counts in memory.
    """

    def __init__(self, clock: Clock, redis_url: str | None = None) -> None:
        self._clock = clock
        self._redis = None if redis_url is None else _client(redis_url)
        self._alone_until_s = float("-inf")
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], int] = defaultdict(int)

    def allow(self, name: str, limit: int) -> bool:
        """Count one call; False when there were more than ``limit`` in this minute."""
        window = int(self._clock.now().timestamp()) // WINDOW_S
        return self._count(name, window) <= limit

    def _count(self, name: str, window: int) -> int:
        if self._redis is not None and self._clock.monotonic_s() >= self._alone_until_s:
            try:
                return _count_there(self._redis, f"{LIMIT_PREFIX}{name}:{window}")
            except (exceptions.RedisError, OSError):
                self._alone_until_s = self._clock.monotonic_s() + LEAVE_ALONE_S
        return self._count_here(name, window)

    def _count_here(self, name: str, window: int) -> int:
        with self._lock:
            if any(old < window for _, old in self._counts):
                kept = {key: n for key, n in self._counts.items() if key[1] >= window}
                self._counts = defaultdict(int, kept)
            self._counts[name, window] += 1
            return self._counts[name, window]

    def close(self) -> None:
        if self._redis is not None:
            self._redis.close()


def _client(url: str) -> Any:
    return Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        driver_info=None,
    )


def _count_there(redis: Any, key: str) -> int:
    pipe = redis.pipeline(transaction=False)
    pipe.incr(key)
    pipe.expire(key, 2 * WINDOW_S)
    return int(pipe.execute()[0])
