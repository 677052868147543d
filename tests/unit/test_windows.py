"""Long sound is cut at silences, and every moment of speech is heard once."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.stages.windows import CUTTING, Window, cut_chunks, split_long

gaps = st.integers(200, 9_000)
lengths = st.integers(100, 27_000)


def spans_of(parts: list[tuple[int, int]]) -> tuple[list[SpeechSpan], int]:
    at_ms, spans = 0, []
    for gap_ms, length_ms in parts:
        spans.append(SpeechSpan(at_ms + gap_ms, at_ms + gap_ms + length_ms))
        at_ms = spans[-1].end_ms
    return spans, at_ms + 500


@given(st.lists(st.tuples(gaps, lengths), min_size=1, max_size=40))
def test_all_speech_is_in_exactly_one_window(parts: list[tuple[int, int]]) -> None:
    spans, duration_ms = spans_of(parts)
    stretches = [
        stretch
        for chunk in cut_chunks(spans, duration_ms)
        for window in chunk
        for stretch in window.stretches
    ]
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(stretches))
    for span in spans:
        homes = [s for s in stretches if s.start_ms <= span.start_ms and span.end_ms <= s.end_ms]
        assert len(homes) == 1


@given(st.lists(st.tuples(gaps, lengths), min_size=1, max_size=40))
def test_no_window_is_longer_than_the_recogniser_hears_at_once(
    parts: list[tuple[int, int]],
) -> None:
    spans, duration_ms = spans_of(parts)
    for chunk in cut_chunks(spans, duration_ms):
        for window in chunk:
            heard_ms = sum(stretch.end_ms - stretch.start_ms for stretch in window.stretches)
            assert heard_ms <= CUTTING.window_ms


def test_a_cut_is_made_in_the_widest_pause_of_the_second_half() -> None:
    spans = [SpeechSpan(at, at + 4_000) for at in (0, 4_300, 8_600, 12_900, 18_000, 22_300, 26_600)]
    first, *_ = cut_chunks(spans, 40_000)[0]
    assert (first.start_ms, first.end_ms) == (0, 17_100)


def test_long_pauses_are_left_out_of_what_is_heard() -> None:
    ((window,),) = cut_chunks([SpeechSpan(1_000, 2_000), SpeechSpan(9_000, 10_000)], 20_000)
    assert window.stretches == (SpeechSpan(800, 2_200), SpeechSpan(8_800, 10_200))


@pytest.mark.parametrize(
    ("heard", "on_film"),
    [((0, 500), (800, 1_300)), ((1_500, 2_000), (8_900, 9_400)), ((1_300, 2_000), (8_800, 9_400))],
)
def test_times_of_joined_sound_are_found_on_the_film(
    heard: tuple[int, int], on_film: tuple[int, int]
) -> None:
    window = Window((SpeechSpan(800, 2_200), SpeechSpan(8_800, 10_200)))
    assert window.on_film(*heard) == on_film


def test_speech_without_a_pause_is_split_where_it_is_quietest() -> None:
    asked: list[tuple[int, int]] = []

    def quietest_ms(start_ms: int, end_ms: int) -> int:
        asked.append((start_ms, end_ms))
        return end_ms - 1_000

    pieces = split_long([SpeechSpan(0, 50_000)], quietest_ms)
    assert pieces == (SpeechSpan(0, 26_600), SpeechSpan(26_600, 50_000))
    assert asked == [(13_800, 27_600)]
