"""Music and noise, computed: the same samples for the same seed on one machine."""

import math

import numpy as np

from samples.sound import RATE_HZ, Channels, Mono, level_to

# C, G, A minor, F: MIDI note numbers, bass first.
_CHORDS = ((36, 60, 64, 67), (43, 59, 62, 67), (45, 60, 64, 69), (41, 60, 65, 69))
_MELODY = (76, 79, 74, 71, 72, 76, 69, 72)
_BEAT_S = 0.5


def music(samples: int) -> Channels:
    """Play chords, a bass and a plain melody over and over.

    Returns:
        Shape ``(samples, 2)``, about -20 dB below full scale.
    """
    bar = int(4 * _BEAT_S * RATE_HZ)
    loop = np.zeros((bar * len(_CHORDS) + bar, 2), dtype=np.float32)
    for index, chord in enumerate(_CHORDS):
        for voice, note in enumerate(chord):
            sides = (0.6, 0.4) if voice % 2 else (0.4, 0.6)
            _add_note(loop, note, start=index * bar, length_s=4 * _BEAT_S, sides=sides)
        for half in range(2):
            start = index * bar + half * bar // 2
            _add_note(
                loop,
                _MELODY[2 * index + half],
                start=start,
                length_s=1.5 * _BEAT_S,
                sides=(0.5, 0.7),
            )
    loop[:bar] += loop[-bar:]
    return level_to(np.resize(loop[:-bar], (samples, 2)), -20.0)


def _add_note(
    loop: Channels, note: int, *, start: int, length_s: float, sides: tuple[float, float]
) -> None:
    """Add one plucked note: harmonics that fade the faster the higher they are."""
    seconds = np.arange(int((length_s + 0.4) * RATE_HZ), dtype=np.float32) / RATE_HZ
    pitch_hz = 440.0 * 2.0 ** ((note - 69) / 12.0)
    tone = np.zeros_like(seconds)
    for harmonic in range(1, 6):
        fade = np.exp(-seconds * (1.2 + 0.8 * harmonic) / length_s)
        wave = np.sin(2.0 * math.pi * pitch_hz * harmonic * seconds)
        tone += (fade * wave / harmonic**1.5).astype(np.float32)
    tone *= np.minimum(seconds / 0.01, 1.0) * np.minimum((seconds[-1] - seconds) / 0.05, 1.0)
    loop[start : start + len(tone)] += tone[:, np.newaxis] * np.array(sides, dtype=np.float32)


def pink_noise(samples: int, *, seed: int) -> Mono:
    """Make noise whose power falls by 3 dB an octave, from 20 Hz up.

    Returns:
        Shape ``(samples,)``, -20 dB below full scale.
    """
    white = np.random.default_rng(seed).standard_normal(samples)
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(samples, 1.0 / RATE_HZ)
    spectrum *= np.where(hz < 20.0, 0.0, 1.0 / np.sqrt(np.maximum(hz, 20.0)))
    return level_to(np.fft.irfft(spectrum, samples).astype(np.float32), -20.0)


def music_and_noise(samples: int, *, seed: int) -> Channels:
    """Mix music and a different pink noise on each side, equally loud.

    Returns:
        Shape ``(samples, 2)``.
    """
    sides = [pink_noise(samples, seed=seed + side) for side in range(2)]
    return level_to(music(samples) + np.stack(sides, axis=1), -20.0)
