"""Takes are found in a stem where they are, and what is missing of them is noticed."""

import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples
from dubbing_pipeline.stages.stem import (
    FRAME_MS,
    Found,
    envelope,
    find_take,
    likeness,
    shortfall_ms,
    speech_ms,
    stretched_envelope,
)

RATE = 16  # samples a millisecond


def syllables(seed: int, length_ms: int = 1500) -> Samples:
    """Noise in bursts of uneven length and level, as speech is, between 40 ms of silence."""
    dice = np.random.default_rng(seed)
    level = np.repeat(dice.uniform(0.1, 1.0, length_ms // 50 + 1), 50 * RATE)
    level *= np.repeat(dice.random(length_ms // 50 + 1) > 0.3, 50 * RATE)
    level[: 50 * RATE], level[(length_ms - 50) * RATE :] = 0.5, 0.5
    sound = dice.standard_normal(length_ms * RATE) * level[: length_ms * RATE] * 0.2
    pad = np.zeros(40 * RATE)
    return np.concatenate([pad, sound, pad]).astype(np.float32)


def stem_of(take: Samples, start_ms: int, length_ms: int = 5000) -> Samples:
    stem = np.zeros(length_ms * RATE, np.float32)
    stem[start_ms * RATE : start_ms * RATE + take.size] += take
    return stem


def find(take: Samples, stem: Samples, planned_ms: int) -> Found:
    length_ms = take.size // RATE
    return find_take(envelope(stem), stretched_envelope(take, length_ms), planned_ms)


def test_a_take_is_found_where_it_was_planned() -> None:
    take = syllables(1)
    found = find(take, stem_of(take * 0.3, 2000), 2000)
    assert (found.offset_ms, found.missing_ms) == (0, 0)
    assert found.onset_ms == pytest.approx(2040, abs=FRAME_MS)
    assert found.end_ms == pytest.approx(3540, abs=FRAME_MS)


@pytest.mark.parametrize("shift_ms", [-400, -60, 75, 500])
def test_a_take_elsewhere_is_found_there(shift_ms: int) -> None:
    take = syllables(2)
    found = find(take, stem_of(take, 2000 + shift_ms), 2000)
    assert found.offset_ms == pytest.approx(shift_ms, abs=FRAME_MS)
    assert found.missing_ms <= FRAME_MS


@pytest.mark.parametrize("chopped_ms", [60, 200, 600])
def test_what_is_chopped_off_the_end_is_missing(chopped_ms: int) -> None:
    take = syllables(3)
    short = take.copy()
    short[-(40 + chopped_ms) * RATE :] = 0
    found = find(take, stem_of(short, 2000), 2000)
    assert found.missing_ms >= chopped_ms - FRAME_MS
    assert found.offset_ms == pytest.approx(0, abs=10)


def test_another_voice_over_it_hides_no_take_and_cuts_none() -> None:
    take = syllables(4)
    stem = stem_of(take, 2000) + stem_of(syllables(5), 2600)
    found = find(take, stem, 2000)
    assert found.is_there
    assert abs(found.offset_ms) <= 10
    assert found.missing_ms <= 20


def test_a_take_that_is_not_there_misses_everything() -> None:
    take = syllables(6)
    found = find(take, np.zeros(5000 * RATE, np.float32), 2000)
    assert not found.is_there
    assert found.missing_ms == 1500


def test_a_take_at_the_very_end_of_the_stem_is_found() -> None:
    take = syllables(7)
    found = find(take, stem_of(take, 3420), 3420)
    assert (found.offset_ms, found.missing_ms) == (0, 0)


def test_a_stretched_envelope_has_the_length_asked_for() -> None:
    take = syllables(8)
    stretched = stretched_envelope(take, 2000)
    assert stretched.size == 2000 // FRAME_MS
    assert speech_ms(stretched) == pytest.approx(1500 * 2000 / 1580, abs=2 * FRAME_MS)


def test_words_that_stretching_lost_are_a_shortfall() -> None:
    take = syllables(12)
    cut = take.copy()
    cut[-240 * RATE :] = 0
    whole, short = stretched_envelope(take, 1400), stretched_envelope(cut, 1400)
    assert shortfall_ms(whole, whole) == 0
    assert shortfall_ms(whole, short) == pytest.approx(200 * 1400 / 1580 - 20, abs=2 * FRAME_MS)


def test_an_edge_that_sounds_a_little_otherwise_is_no_shortfall() -> None:
    take = stretched_envelope(syllables(13), 1580)
    softer = take.copy()
    softer[-12:] = 0.0
    assert speech_ms(take) - speech_ms(softer) == 20
    assert shortfall_ms(take, softer) == 0


def test_silence_has_an_envelope_too() -> None:
    assert stretched_envelope(np.zeros(0, np.float32), 100).max() == 0.0
    assert envelope(np.zeros(0, np.float32)).size == 0


def test_a_delayed_and_quieter_copy_is_alike() -> None:
    sound = syllables(9)
    assert likeness(sound, np.roll(sound * 0.1, 300)) > 0.95
    assert likeness(sound, np.roll(sound, 1000), reach_ms=50) < 0.3
    assert likeness(sound, np.roll(sound, 1000), reach_ms=100) > 0.9


def test_other_speech_and_silence_are_not_alike() -> None:
    assert likeness(syllables(10), syllables(11)) < 0.2
    assert likeness(syllables(10), np.zeros(100, np.float32)) == 0.0
