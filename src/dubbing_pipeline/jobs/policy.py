"""The rules: how many jobs an owner may have, and what follows a failure. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from dubbing_pipeline.errors import FailureClass
from dubbing_pipeline.model.job import Attempts

Random = Callable[[], float]
"""Gives numbers from 0 up to 1."""

TRANSIENT_BASE_S = 10.0
TRANSIENT_CAP_S = 600.0
RESOURCE_DELAY_S = 60.0
CRASH_FIRST_S = (1.0, 5.0)
CRASH_CAP_S = 300.0
INTERRUPTION_FIRST_S = (0.1, 1.0)
INTERRUPTION_CAP_S = 60.0


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits of one owner; 0 is none. Only dubs count, and ``running`` limits claims alone."""

    running: int = 0
    queued: int = 0
    daily: int = 0


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How many failures of a class end a job; 0 is no limit."""

    errors: int = 5
    crashes: int = 3
    interruptions: int = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules of one installation.

    ``day_zone`` None is the server's own zone; its midnight starts a day.
    """

    caps: Caps = Caps()
    retries: RetryLimits = RetryLimits()
    high_mode_admin_only: bool = False
    day_zone: tzinfo | None = None

    def day_start(self, now: datetime) -> datetime:
        """Give the last midnight of the server's zone."""
        local = now.astimezone(self.day_zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a job after a failure. ``delay`` counts for ``queued`` only."""

    state: Literal["queued", "failed", "quarantined"]
    attempts: Attempts
    delay: timedelta = timedelta()


def judge(
    attempts: Attempts, failure: FailureClass, limits: RetryLimits, random: Random
) -> Verdict:
    """Decide what follows a failure.

    Permanent ones end the job. Transient and resource errors share a limit; transient ones wait
    a random time up to 10 s doubled with each try, at most 10 minutes ("full jitter"), so that
    many jobs failing together do not return together. Crashes and interruptions have limits of
    their own and end in quarantine.
    """
    if failure == "permanent":
        return Verdict("failed", attempts)
    if failure == "crash":
        return _crash(attempts, limits, random)
    if failure == "interruption":
        return _interruption(attempts, limits, random)
    return _error(attempts, failure, limits, random)


def _error(
    attempts: Attempts, failure: FailureClass, limits: RetryLimits, random: Random
) -> Verdict:
    counted = replace(attempts, errors=attempts.errors + 1)
    if _reached(counted.errors, limits.errors):
        return Verdict("failed", counted)
    if failure == "resource":
        delay_s = RESOURCE_DELAY_S * (1 + random())
    else:
        delay_s = random() * _doubled(TRANSIENT_BASE_S, counted.errors, TRANSIENT_CAP_S)
    return Verdict("queued", counted, timedelta(seconds=delay_s))


def _crash(attempts: Attempts, limits: RetryLimits, random: Random) -> Verdict:
    counted = replace(attempts, crashes=attempts.crashes + 1)
    if _reached(counted.crashes, limits.crashes):
        return Verdict("quarantined", counted)
    return Verdict("queued", counted, _spread(CRASH_FIRST_S, counted.crashes, CRASH_CAP_S, random))


def _interruption(attempts: Attempts, limits: RetryLimits, random: Random) -> Verdict:
    counted = replace(attempts, interruptions=attempts.interruptions + 1)
    if _reached(counted.interruptions, limits.interruptions):
        return Verdict("quarantined", counted)
    delay = _spread(INTERRUPTION_FIRST_S, counted.interruptions, INTERRUPTION_CAP_S, random)
    return Verdict("queued", counted, delay)


def _reached(count: int, limit: int) -> bool:
    return 0 < limit <= count


def _doubled(base_s: float, tries: int, cap_s: float) -> float:
    # The exponent is bounded: with no limit of tries the power would not fit a float.
    return min(cap_s, base_s * 2.0 ** min(tries - 1, 30))


def _spread(first_s: tuple[float, float], tries: int, cap_s: float, random: Random) -> timedelta:
    low, high = (_doubled(edge, tries, cap_s) for edge in first_s)
    return timedelta(seconds=low + (high - low) * random())
