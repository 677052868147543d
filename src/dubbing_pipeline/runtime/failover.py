"""Level switches as a pure state machine: health answers in, switches out.

::

                one good probe at boot
      boot ────────────────────────────────► L2
       │ a failure                            │ two failures in a row, or one certain failure
       ▼                                      ▼
      L1 ◄─────────────────────────────────── L1
       └── five good probes in a row over at least 15 s ──► L2

A degrade within 30 s of a return doubles the next wait, up to 300 s; 30 calm minutes in level 2
forget that. Every process decides for itself; no agreement is needed, because both levels claim
through the same statement.
"""

from dataclasses import dataclass
from typing import Literal

from dubbing_pipeline.runtime.dispatch import Health, Level

SwitchKind = Literal["boot", "degrade", "return"]


@dataclass(frozen=True, slots=True)
class FailoverTimes:
    """When to switch. All but ``failures`` and ``good_probes`` are seconds."""

    interval_s: float = 2.0
    failures: int = 2
    good_probes: int = 5
    return_after_s: float = 15.0
    flap_within_s: float = 30.0
    longest_wait_s: float = 300.0
    calm_after_s: float = 1800.0


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of level and why."""

    kind: SwitchKind
    level: Level
    reason: str


class Failover:
    """Decides the level from health answers, at moments that are handed in.

    Args:
        wanted: The level the settings ask for; 1 never looks at health.
        times: When to switch.
        now_s: The present moment of a clock that never goes back.
    """

    def __init__(self, *, wanted: Level, times: FailoverTimes, now_s: float) -> None:
        self.wanted = wanted
        self.level: Level = 1
        self.reason = "" if wanted == 1 else "boot"
        self.since_s = now_s
        self._times = times
        self._booting = wanted == 2
        self._bad = 0
        self._good = 0
        self._good_since_s = now_s
        self._returned_s: float | None = None
        self._wait_s = times.return_after_s

    @property
    def is_degraded(self) -> bool:
        """Level 2 is wanted, and not there."""
        return self.level < self.wanted

    def next_probe_s(self) -> float:
        """Seconds until health should be asked again: at once after a first failure."""
        return 0.0 if self.level == self.wanted and self._bad else self._times.interval_s

    def observe(self, health: Health, now_s: float) -> Switch | None:
        """Take a probe's answer, or the failure of a real command."""
        if self.wanted == 1:
            return None
        if health.ok:
            return self._note_good(now_s)
        return self._note_bad(health, now_s)

    def _note_good(self, now_s: float) -> Switch | None:
        self._bad = 0
        if self._good == 0:
            self._good_since_s = now_s
        self._good += 1
        if self.level == 2:
            self._forget_flaps(now_s)
            return None
        if self._booting:
            return self._switch("boot", 2, "", now_s)
        waited = now_s - self._good_since_s >= self._wait_s
        if waited and self._good >= self._times.good_probes:
            self._returned_s = now_s
            return self._switch("return", 2, "", now_s)
        return None

    def _note_bad(self, health: Health, now_s: float) -> Switch | None:
        self._good = 0
        self._bad += 1
        if self.level == 1:
            self._booting = False
            self.reason = health.reason
            return None
        if health.certain or self._bad >= self._times.failures:
            self._count_flap(now_s)
            return self._switch("degrade", 1, health.reason, now_s)
        return None

    def _count_flap(self, now_s: float) -> None:
        if self._returned_s is None:
            return
        if now_s - self._returned_s <= self._times.flap_within_s:
            self._wait_s = min(self._times.longest_wait_s, 2 * self._wait_s)

    def _forget_flaps(self, now_s: float) -> None:
        if now_s - self.since_s >= self._times.calm_after_s:
            self._wait_s = self._times.return_after_s

    def _switch(self, kind: SwitchKind, level: Level, reason: str, now_s: float) -> Switch:
        self._booting = False
        self._bad = self._good = 0
        self.level, self.reason, self.since_s = level, reason, now_s
        return Switch(kind=kind, level=level, reason=reason)
