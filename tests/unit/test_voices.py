"""Pitch and spectrum of a voice, and how little noise changes them."""

import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples, SpeechSpan
from dubbing_pipeline.stages.voices import (
    DIMENSIONS,
    VoiceFrames,
    fingerprint,
    measure_voices,
    mel_power,
    without_noise,
)
from fakes.hearing import bursts, buzz

HISS = np.random.default_rng(2)


def measured(sound: Samples, spans: list[SpeechSpan] | None = None) -> VoiceFrames:
    def read(start_ms: int, end_ms: int) -> Samples:
        whole = np.pad(sound, (40_000, 40_000))
        return whole[40_000 + start_ms * 16 : 40_000 + end_ms * 16]

    duration_ms = sound.size // 16
    return measure_voices(read, duration_ms, spans or [SpeechSpan(0, duration_ms)], lambda _: None)


def hiss(length_s: float, loud: float) -> Samples:
    return (HISS.standard_normal(round(length_s * 16_000)) * loud).astype(np.float32)


@pytest.mark.parametrize("hz", [75, 98, 131, 180, 247, 330])
def test_the_pitch_of_a_voice_is_found_within_one_percent(hz: float) -> None:
    frames = measured(buzz(1.0, hz))
    assert np.median(frames.pitches_hz(100, 900)) == pytest.approx(hz, rel=0.01)


def test_hiss_has_no_pitch() -> None:
    assert measured(hiss(1.0, 0.1)).pitches_hz(0, 1_000).size < 5


def test_only_clear_frames_of_a_line_count() -> None:
    sound = np.concatenate([hiss(1.0, 1e-4), buzz(0.5), hiss(1.0, 1e-4)])
    rows = measured(sound).rows(0, 2_500)
    assert rows.shape[1] == DIMENSIONS
    assert 45 <= len(rows) <= 60


def test_a_line_outside_the_sound_has_no_evidence() -> None:
    assert fingerprint(measured(buzz(1.0)).rows(5_000, 6_000)).evidence == 0


def test_blocks_without_speech_are_left_out() -> None:
    frames = measured(buzz(65.0), [SpeechSpan(61_000, 62_000)])
    assert not frames.features[:6_000].any()
    assert frames.features[6_000:].any()


def test_where_blocks_end_does_not_matter() -> None:
    sound = np.concatenate([bursts(16), hiss(1.0, 1e-3)])
    whole = measured(sound)
    later = measured(sound[25 * 16_000 :])
    assert np.allclose(whole.features[2_900:3_100], later.features[400:600], atol=1e-4)
    assert np.allclose(whole.voicing[2_900:3_100], later.voicing[400:600], atol=1e-4)


def test_steady_noise_is_subtracted() -> None:
    speech = np.concatenate([hiss(1.0, 1e-4), buzz(1.0), hiss(1.0, 1e-4)])
    noisy = speech + hiss(3.0, 0.02)
    clean = np.log(without_noise(mel_power(speech.astype(np.float64))))[120:180]
    dirty = np.log(mel_power(noisy.astype(np.float64)))[120:180]
    better = np.log(without_noise(mel_power(noisy.astype(np.float64))))[120:180]
    assert np.abs(better - clean).mean() < np.abs(dirty - clean).mean()


def test_a_fingerprint_takes_the_pitch_by_its_median() -> None:
    rows = np.zeros((200, DIMENSIONS))
    rows[:, -1] = 7.0
    rows[:40, -1] = 8.0
    assert fingerprint(rows).mean[-1] == 7.0
    assert len(fingerprint(rows).parts) == 3
