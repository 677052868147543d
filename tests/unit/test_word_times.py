"""Words begin and end where the sound does."""

from itertools import pairwise

import numpy as np
from hypothesis import given, strategies as st

from dubbing_pipeline.engines.base import Samples, SpeechSpan
from dubbing_pipeline.model.speech import Word
from dubbing_pipeline.stages.word_times import levels, placed, sound_runs
from fakes.hearing import buzz

HISS = np.random.default_rng(1)


def sound(*parts: Samples) -> Samples:
    whole = np.concatenate(parts)
    return whole + (HISS.standard_normal(whole.size) * 1e-4).astype(np.float32)


def silence(length_s: float) -> Samples:
    return np.zeros(round(length_s * 16_000), np.float32)


def test_a_run_begins_and_ends_with_the_sound_not_with_the_detector() -> None:
    level = levels(sound(silence(1), buzz(1), silence(1)))
    (run,) = sound_runs([SpeechSpan(1_060, 2_200)], level, 0)
    assert abs(run.start_ms - 1_000) <= 10
    assert abs(run.end_ms - 2_000) <= 20


def test_a_pause_that_the_detector_bridged_parts_two_runs() -> None:
    level = levels(sound(silence(0.5), buzz(1), silence(0.2), buzz(1), silence(0.5)))
    runs = sound_runs([SpeechSpan(500, 2_700)], level, 0)
    assert [round(run.start_ms, -2) for run in runs] == [500, 1_700]


def test_times_are_those_of_the_film_when_the_sound_begins_later() -> None:
    level = levels(sound(silence(1), buzz(1), silence(1)))
    (run,) = sound_runs([SpeechSpan(61_000, 62_000)], level, 60_000)
    assert abs(run.start_ms - 61_000) <= 10


def test_under_music_the_detector_is_believed() -> None:
    loud = buzz(3, 300) + HISS.standard_normal(48_000).astype(np.float32) * 0.05
    (run,) = sound_runs([SpeechSpan(1_000, 2_000)], levels(loud.astype(np.float32)), 0)
    assert (run.start_ms, run.end_ms) == (1_000, 1_900)


def test_a_word_that_runs_into_a_pause_ends_with_the_sound() -> None:
    runs = [SpeechSpan(0, 1_000), SpeechSpan(1_600, 2_500)]
    words = [Word(60, 500, "left"), Word(500, 1_500, "behind."), Word(1_500, 2_400, "We")]
    assert [(w.start_ms, w.end_ms) for w in placed(words, runs)] == [
        (0, 500),
        (500, 1_000),
        (1_600, 2_500),
    ]


def test_without_runs_words_stay_where_they_were() -> None:
    words = (Word(60, 500, "left"),)
    assert placed(words, ()) == words


times = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 900)), min_size=1, max_size=30)


@given(times, times)
def test_words_keep_their_order_and_never_overlap(
    said: list[tuple[int, int]], heard: list[tuple[int, int]]
) -> None:
    words: list[Word] = []
    runs: list[SpeechSpan] = []
    at_ms = 0
    for gap_ms, length_ms in said:
        words.append(Word(at_ms + gap_ms, at_ms + gap_ms + length_ms, str(len(words))))
        at_ms += gap_ms + length_ms
    at_ms = 0
    for gap_ms, length_ms in heard:
        runs.append(SpeechSpan(at_ms + gap_ms + 60, at_ms + gap_ms + 120 + length_ms))
        at_ms = runs[-1].end_ms
    found = placed(words, runs)
    assert [word.text for word in found] == [word.text for word in words]
    assert all(word.start_ms < word.end_ms for word in found)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(found))
