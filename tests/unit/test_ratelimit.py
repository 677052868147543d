import time
from pathlib import Path

from dubbing_pipeline.utils.ratelimit import RateLimiter
from fakes.clock import FakeClock
from lib.redis_server import running_redis


def test_calls_beyond_the_limit_are_refused_until_the_next_minute() -> None:
    clock = FakeClock()
    limiter = RateLimiter(clock)
    assert [limiter.allow("login:ann", 2) for _ in range(3)] == [True, True, False]
    assert limiter.allow("login:bob", 2)
    clock.advance(60)
    assert limiter.allow("login:ann", 2)


def test_two_processes_count_together_in_redis(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        clock = FakeClock()
        first, second = (RateLimiter(clock, server.url) for _ in range(2))
        assert first.allow("x", 1)
        assert not second.allow("x", 1)
        first.close()
        second.close()


def test_a_frozen_redis_costs_fifty_milliseconds_once_and_then_nothing(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        limiter = RateLimiter(FakeClock(), server.url)
        limiter.allow("x", 5)
        server.freeze()
        begin = time.perf_counter()
        assert all(limiter.allow("x", 20) for _ in range(10))
        assert time.perf_counter() - begin <= 0.5
        server.thaw()
        limiter.close()
