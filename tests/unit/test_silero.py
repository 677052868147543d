"""From frame probabilities to spans."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from dubbing_pipeline.engines.silero import Hysteresis, spans

FRAME = 512
EXACT = Hysteresis(lead_ms=0, tail_ms=0)


def found(*probabilities: float, hysteresis: Hysteresis = EXACT) -> list[tuple[int, int]]:
    frames = np.array(probabilities, np.float32)
    return [(s.start_ms, s.end_ms) for s in spans(frames, len(frames) * FRAME, hysteresis)]


def test_speech_is_from_its_first_frame_to_the_frame_after_its_last() -> None:
    assert found(*[0.1] * 5, *[0.9] * 5, *[0.1] * 10) == [(160, 320)]


def test_a_short_pause_does_not_part_and_a_long_one_does() -> None:
    assert len(found(*[0.9] * 5, *[0.1] * 5, *[0.9] * 5)) == 1
    assert len(found(*[0.9] * 5, *[0.1] * 8, *[0.9] * 5)) == 2


def test_a_doubt_between_the_two_thresholds_is_still_speech() -> None:
    assert found(*[0.9] * 5, *[0.4] * 20, *[0.9] * 5) == [(0, 960)]


def test_a_click_is_no_speech() -> None:
    assert found(*[0.1] * 5, 0.9, 0.9, *[0.1] * 20) == []


def test_speech_at_the_end_ends_with_the_sound() -> None:
    assert found(*[0.1] * 5, *[0.9] * 5, hysteresis=Hysteresis()) == [(130, 320)]


def test_silence_and_nothing_have_no_spans() -> None:
    assert found(*[0.0] * 50) == []
    assert spans(np.zeros(0, np.float32), 0, EXACT) == ()


@given(st.lists(st.sampled_from([0.0, 0.4, 0.9]), max_size=200))
def test_spans_are_in_order_apart_and_inside_the_sound(probabilities: list[float]) -> None:
    size = len(probabilities) * FRAME
    got = spans(np.array(probabilities, np.float32), size, Hysteresis())
    edges = [0, *(edge for span in got for edge in (span.start_ms, span.end_ms)), size // 16]
    assert edges == sorted(edges)
    assert all(span.end_ms > span.start_ms for span in got)


@pytest.mark.parametrize("lead_ms", [0, 30, 500])
def test_spans_do_not_overlap_however_much_they_are_widened(lead_ms: int) -> None:
    got = found(*([0.9] * 5 + [0.1] * 8) * 3, hysteresis=Hysteresis(lead_ms=lead_ms))
    assert all(before[1] <= after[0] for before, after in pairwise(got))
