"""The mix's arithmetic: local in time, never above the ceiling."""

import numpy as np
import pytest

from dubbing_pipeline.stages.mixing import (
    CEILING_DBTP,
    RATE_HZ,
    Piece,
    Sound,
    Span,
    ducking,
    limit,
    place,
    samples_of,
)


def loud(seed: int, seconds: float = 1.0) -> Sound:
    noise = np.random.default_rng(seed).normal(0, 0.5, (round(seconds * RATE_HZ), 2))
    return noise.astype(np.float32)


def test_the_original_sinks_under_the_dub_and_is_untouched_elsewhere() -> None:
    gain = ducking(Span(0, RATE_HZ * 2), [Span(RATE_HZ, RATE_HZ + 4800)])
    assert gain[0, 0] == 1.0
    assert gain[RATE_HZ - samples_of(81), 0] == 1.0
    assert gain[RATE_HZ + 100, 0] == pytest.approx(10 ** (-22 / 20), abs=1e-3)
    assert gain[-1, 0] == 1.0


def test_ducking_is_the_same_in_one_block_and_in_many() -> None:
    spans = [Span(5_000, 20_000), Span(22_000, 30_000)]
    whole = ducking(Span(0, 48_000), spans)
    parts = [ducking(Span(at, at + 4_800), spans) for at in range(0, 48_000, 4_800)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_takes_are_placed_to_the_sample() -> None:
    piece = Piece(1_000, np.ones(500, dtype=np.float32))
    stem = place(Span(1_200, 2_000), [piece])
    assert stem[:300].min() == 1.0
    assert stem[300:].max() == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_no_sample_is_above_the_ceiling_after_limiting(seed: int) -> None:
    limited = limit(loud(seed))
    assert np.abs(limited).max() <= 10 ** (CEILING_DBTP / 20) + 1e-6


def test_sound_below_the_ceiling_passes_the_limiter_unchanged() -> None:
    quiet = loud(1) * 0.01
    assert np.array_equal(limit(quiet), quiet)


def test_a_change_reaches_no_further_than_the_limiter_looks() -> None:
    before = loud(3)
    after = before.copy()
    after[24_000:24_100] *= 3
    near = samples_of(10)
    one, other = limit(before), limit(after)
    assert np.array_equal(one[: 24_000 - near], other[: 24_000 - near])
    assert np.array_equal(one[24_100 + near :], other[24_100 + near :])


def test_a_peak_between_two_samples_is_seen() -> None:
    at = np.arange(4_800)
    # a quarter of the sample rate, shifted so that samples miss the crest by 3 dB
    wave = (0.95 * np.sin(np.pi * at / 2 + np.pi / 4)).astype(np.float32)
    limited = limit(np.stack([wave, wave], axis=1))
    assert np.abs(limited[100:-100]).max() < 0.95 * np.sin(np.pi / 4)
