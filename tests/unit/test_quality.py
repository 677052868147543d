"""Overlap, dead air and pace are counted right where the answer is known."""

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.stages.quality import (
    characters_per_second,
    covered,
    largest_step,
    overlap,
    percentile,
)


def spans(*pairs: tuple[int, int]) -> list[SpeechSpan]:
    return [SpeechSpan(start_ms, end_ms) for start_ms, end_ms in pairs]


def test_equal_speech_overlaps_wholly() -> None:
    found = overlap(spans((0, 1000), (2000, 3000)), spans((0, 1000), (2000, 3000)))
    assert (found.f1, found.iou, found.dead_air) == (1.0, 1.0, 0.0)


def test_half_of_the_source_without_dub_is_half_dead() -> None:
    found = overlap(spans((0, 2000)), spans((1000, 3000)))
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert found.dead_air == 0.5
    assert found.iou == round(1 / 3, 4)


def test_a_dub_of_silence_is_all_dead_air() -> None:
    found = overlap(spans((0, 2000)), [])
    assert (found.f1, found.dead_air) == (0.0, 1.0)


def test_nobody_speaking_is_no_fault() -> None:
    assert overlap([], []).f1 == 1.0


def test_lines_that_are_not_dubbed_do_not_count() -> None:
    found = overlap(spans((0, 1000), (2000, 4000)), spans((0, 1000)), spans((2000, 4000)))
    assert (found.f1, found.dead_air) == (1.0, 0.0)


def test_spans_that_lie_over_each_other_count_once() -> None:
    assert overlap(spans((0, 1000), (500, 1500)), spans((0, 1500))).f1 == 1.0


def test_covered_is_a_share_of_the_first() -> None:
    assert covered(spans((0, 1000)), spans((0, 250), (900, 5000))) == 0.35


def test_a_percentile_of_nothing_is_nothing() -> None:
    assert percentile([], 0.95) == 0.0
    assert percentile([1, 2, 3, 4, 5], 0.5) == 3.0


def test_characters_are_counted_by_the_time_they_take() -> None:
    assert characters_per_second("buenos   días", 1000) == 11.0


def test_the_largest_step_is_between_neighbours() -> None:
    assert largest_step([1.0, 1.1, 0.9]) == 0.2
    assert largest_step([1.3]) == 0.0
