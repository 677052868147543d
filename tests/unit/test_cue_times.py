"""Cues begin and end with the speech they are of."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.stages.cue_times import on_speech
from dubbing_pipeline.stages.transcript import Utterance


def times(cues: list[tuple[int, int]], spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    said = [Utterance(start_ms, end_ms, "words") for start_ms, end_ms in cues]
    moved = on_speech(said, [SpeechSpan(*span) for span in spans])
    return [(cue.start_ms, cue.end_ms) for cue in moved]


@pytest.mark.parametrize(
    ("cue", "speech", "found"),
    [
        ((1_000, 4_000), (1_300, 3_200), (1_300, 3_200)),
        ((1_000, 4_000), (850, 4_150), (850, 4_150)),
        ((1_000, 4_000), (1_900, 3_800), (1_000, 3_800)),
        ((1_000, 4_000), (1_200, 9_000), (1_200, 4_000)),
        ((1_000, 4_000), (5_000, 6_000), (1_000, 4_000)),
    ],
)
def test_an_edge_moves_to_speech_that_is_near(
    cue: tuple[int, int], speech: tuple[int, int], found: tuple[int, int]
) -> None:
    assert times([cue], [speech]) == [found]


def test_cues_that_share_one_speech_keep_their_border() -> None:
    cues = [(1_000, 3_000), (3_000, 5_000)]
    assert times(cues, [(1_200, 4_700)]) == [(1_200, 3_000), (3_000, 4_700)]


pairs = st.lists(st.tuples(st.integers(0, 900), st.integers(50, 3_000)), max_size=12)


def laid(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    at_ms, found = 0, []
    for gap_ms, length_ms in parts:
        found.append((at_ms + gap_ms, at_ms + gap_ms + length_ms))
        at_ms = found[-1][1]
    return found


@given(pairs, pairs)
def test_cues_never_begin_to_overlap(
    cues: list[tuple[int, int]], speech: list[tuple[int, int]]
) -> None:
    found = times(laid(cues), laid(speech))
    assert all(start_ms < end_ms for start_ms, end_ms in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
