import pytest

from dubbing_pipeline.runtime.dispatch import Health, Level
from dubbing_pipeline.runtime.failover import Failover, FailoverTimes, Switch

GOOD = Health(ok=True)
DOWN = Health(ok=False, reason="timeout")
READ_ONLY = Health(ok=False, reason="readonly", certain=True)


class Drive:
    """Feeds a machine from a clock of its own."""

    def __init__(self, wanted: Level = 2) -> None:
        self.now_s = 0.0
        self.machine = Failover(wanted=wanted, times=FailoverTimes(), now_s=0.0)
        self.switches: list[tuple[float, Switch]] = []

    def feed(self, health: Health) -> Level:
        switch = self.machine.observe(health, self.now_s)
        if switch is not None:
            self.switches.append((self.now_s, switch))
        return self.machine.level

    def run(self, seconds: float, health: Health) -> None:
        """Probe as the loop does; a probe that times out takes a second."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += 1.0 if health.reason == "timeout" else 0.0
            self.feed(health)
            self.now_s += self.machine.next_probe_s() or 0.01

    def run_until_level_2(self) -> None:
        while self.machine.is_degraded:
            self.run(1, GOOD)


@pytest.fixture
def drive() -> Drive:
    made = Drive()
    made.feed(GOOD)
    return made


def test_one_good_probe_at_boot_opens_level_2(drive: Drive) -> None:
    assert drive.machine.level == 2
    assert drive.switches[0][1].kind == "boot"


def test_without_the_wish_for_level_2_nothing_is_asked() -> None:
    drive = Drive(wanted=1)
    assert drive.feed(GOOD) == 1
    assert not drive.machine.is_degraded


def test_a_redis_that_comes_after_boot_is_a_return() -> None:
    drive = Drive()
    drive.feed(DOWN)
    drive.run(14, GOOD)
    assert drive.machine.level == 1
    drive.run(6, GOOD)
    assert drive.switches[-1][1].kind == "return"


def test_one_failure_alone_changes_nothing(drive: Drive) -> None:
    assert drive.feed(DOWN) == 2
    assert drive.machine.next_probe_s() == 0
    drive.feed(GOOD)
    assert drive.feed(DOWN) == 2


def test_two_failures_in_a_row_degrade_within_five_seconds(drive: Drive) -> None:
    start_s = drive.now_s + 2.0
    drive.now_s = start_s
    drive.run(10, DOWN)
    assert drive.switches[-1][0] - start_s <= 5
    assert drive.machine.is_degraded
    assert drive.machine.reason == "timeout"


def test_a_certain_failure_degrades_at_once(drive: Drive) -> None:
    assert drive.feed(READ_ONLY) == 1


def test_a_return_takes_fifteen_to_twenty_seconds(drive: Drive) -> None:
    drive.feed(READ_ONLY)
    start_s = drive.now_s
    drive.run(30, GOOD)
    at_s, switch = drive.switches[-1]
    assert switch.kind == "return"
    assert 15 <= at_s - start_s <= 20


def test_a_failure_while_waiting_starts_the_wait_again(drive: Drive) -> None:
    drive.feed(READ_ONLY)
    drive.run(14, GOOD)
    drive.feed(DOWN)
    drive.run(14, GOOD)
    assert drive.machine.level == 1


@pytest.mark.parametrize(("up_s", "down_s"), [(3, 3), (10, 5), (16, 4), (17, 3), (20, 20)])
def test_a_flapping_redis_gives_at_most_three_switches_in_five_minutes(
    drive: Drive, up_s: float, down_s: float
) -> None:
    start = len(drive.switches)
    while drive.now_s < 300:
        drive.run(up_s, GOOD)
        drive.run(down_s, DOWN)
    assert len(drive.switches) - start <= 3


def test_the_wait_doubles_to_five_minutes_and_calm_forgets_it(drive: Drive) -> None:
    drive.feed(READ_ONLY)
    waits = []
    for _ in range(7):
        start_s = drive.now_s
        drive.run_until_level_2()
        waits.append(drive.now_s - start_s)
        drive.feed(READ_ONLY)
    assert [round(wait / 15) for wait in waits[:4]] == [1, 2, 4, 8]
    assert max(waits) <= 305
    drive.run_until_level_2()
    drive.run(1900, GOOD)
    drive.feed(READ_ONLY)
    start_s = drive.now_s
    drive.run_until_level_2()
    assert drive.now_s - start_s <= 20
