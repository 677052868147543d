"""Takes are trimmed to what is heard, resampled without harm, and measured by their loud parts."""

import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples, Speech
from dubbing_pipeline.errors import EngineFailed
from dubbing_pipeline.stages.take import at_rate, level_db, resized, sounding, trim

RATE_HZ = 22_050


def tone(seconds: float, rate_hz: int = RATE_HZ, level: float = 0.5) -> Samples:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    wave: Samples = (level * np.sin(2 * np.pi * 440 * at)).astype(np.float32)
    return wave


def test_silence_around_a_take_is_cut_and_its_tail_is_kept() -> None:
    silence = np.zeros(RATE_HZ, dtype=np.float32)
    spoken = np.concatenate([silence, tone(1.0), silence])
    trimmed = trim(Speech(spoken, RATE_HZ), line=1)
    assert len(trimmed.samples) / RATE_HZ == pytest.approx(1.045, abs=0.01)


def test_a_take_without_any_sound_is_an_error_that_names_the_line() -> None:
    with pytest.raises(EngineFailed) as caught:
        trim(Speech(np.zeros(RATE_HZ, dtype=np.float32), RATE_HZ), line=7)
    assert caught.value.params == {"line": 7}


def test_an_empty_take_has_no_sounding_part() -> None:
    assert sounding(np.zeros(0, dtype=np.float32), RATE_HZ) == (0, 0)


def test_resampling_keeps_pitch_level_and_length() -> None:
    resampled = at_rate(Speech(tone(0.5), RATE_HZ), 48_000)
    wanted = tone(0.5, 48_000)
    assert len(resampled) == len(wanted)
    assert np.abs(resampled[2_400:-2_400] - wanted[2_400:-2_400]).max() < 0.01


def test_resampling_down_keeps_the_sound_too() -> None:
    resampled = at_rate(Speech(tone(0.5, 48_000), 48_000), 16_000)
    assert np.abs(resampled[800:-800] - tone(0.5, 16_000)[800:-800]).max() < 0.01


def test_a_take_is_brought_to_an_exact_length() -> None:
    assert len(resized(tone(0.1), 3_000)) == 3_000
    assert np.array_equal(resized(tone(0.1), 100), tone(0.1)[:100])


def test_pauses_do_not_make_a_take_quieter() -> None:
    paused = np.concatenate([tone(0.5), np.zeros(RATE_HZ, dtype=np.float32), tone(0.5)])
    assert level_db(paused) == pytest.approx(level_db(tone(1.0)), abs=0.5)


def test_silence_has_the_lowest_level() -> None:
    assert level_db(np.zeros(100, dtype=np.float32)) == -120.0
