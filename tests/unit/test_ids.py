"""Ids sort by time and never meet."""

from uuid import UUID

from dubbing_pipeline.utils.clock import SystemClock
from dubbing_pipeline.utils.ids import incarnation, new_id
from fakes.clock import FakeClock


def test_an_id_is_a_uuid_of_version_seven_that_tells_its_time() -> None:
    clock = FakeClock()
    made = UUID(new_id(clock))
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(clock.now().timestamp() * 1000)


def test_the_published_example_is_made_from_its_time_and_bits() -> None:
    """RFC 9562, appendix A.6."""
    clock = FakeClock()
    clock.advance(1645557742.0 - clock.now().timestamp())
    bits = (0xCC3 << 64) | 0x18C4DC0C0C07398F
    made = new_id(clock, random=lambda size: bits.to_bytes(size, "big"))
    assert made == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_ids_sort_by_the_time_they_were_made() -> None:
    clock = FakeClock()
    made = []
    for _ in range(50):
        made.append(new_id(clock))
        clock.advance(0.001)
    assert made == sorted(made)


def test_a_successor_with_the_same_process_number_has_another_name() -> None:
    assert incarnation("host", 1, random=bytes) == "host:1:00000000"
    assert incarnation("host", 1) != incarnation("host", 1)


def test_the_clocks_agree_on_what_time_is() -> None:
    real, fake = SystemClock(), FakeClock()
    before = real.monotonic_s()
    fake.sleep(5)
    fake.jump(-60)
    assert real.now().tzinfo == fake.now().tzinfo
    assert (fake.slept_s, fake.monotonic_s()) == ([5], 1005.0)
    assert real.monotonic_s() >= before
