"""What a voice sounds like: pitch and spectrum of each 10 ms, and their means over a line.

The spectrum is 19 mel-frequency cepstral coefficients without the loudness; steady noise, as the
quietest moments nearby show it, is subtracted before the logarithm. The pitch is the lag of the
highest peak of the autocorrelation, divided by that of the window (Boersma 1993). Only voiced,
loud frames count: they carry the voice, and the noise least.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.engines.base import Samples, SpeechSpan, Tick

SAMPLE_RATE_HZ = 16_000
FRAME_MS = 10
CEPSTRA = 19
DIMENSIONS = CEPSTRA + 1
"""Cepstra and the logarithm of the pitch, in octaves."""

VOICED = 0.6
"""Autocorrelation at the pitch from which a frame is voiced; 1 is a perfect period."""
LOUD_DB = 30.0
"""How far below the loudest frames of its line a frame may lie."""
FEW_FRAMES = 20

Floats = npt.NDArray[np.float64]
Read = Callable[[int, int], Samples]
"""Gives 16 kHz mono samples between two times in ms; silence outside the film."""

_STEP = SAMPLE_RATE_HZ * FRAME_MS // 1000
_BANDS = 26
_BAND_HZ = (80.0, 7600.0)
_SPECTRUM_FRAME = 400
_SPECTRUM_FFT = 512
_PREEMPHASIS = 0.97
_PITCH_FRAME = 1024
_PITCH_HZ = (60, 400)
_PITCH_BINS = 2 * _PITCH_FRAME * 1500 // SAMPLE_RATE_HZ
_OCTAVE_COST = 0.02
_NOISE_REACH = 150
_NOISE_STEP = 50
_NOISE_PERCENTILE = 10
_NOISE_FACTOR = 1.5
_NOISE_LEFT = 0.2
_BLOCK_MS = 30_000
_MARGIN_MS = 2_000
_PITCHES_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class VoiceFrames:
    """One row for each 10 ms of the film; rows where nobody speaks are zero.

    ``features`` has shape ``(n, 20)``, ``voicing`` and ``level_db`` have shape ``(n,)``.
    """

    features: npt.NDArray[np.float32]
    voicing: npt.NDArray[np.float32]
    level_db: npt.NDArray[np.float32]

    def rows(self, start_ms: int, end_ms: int) -> Floats:
        """Give the features of the frames that show the voice between two times."""
        first, stop = start_ms // FRAME_MS, max(end_ms // FRAME_MS, start_ms // FRAME_MS + 1)
        level, voicing = self.level_db[first:stop], self.voicing[first:stop]
        if not level.size:
            return np.zeros((0, DIMENSIONS))
        peak_db = np.percentile(level, 95)
        clear = (voicing > VOICED) & (level > peak_db - LOUD_DB)
        if np.count_nonzero(clear) < FEW_FRAMES:
            clear = level > peak_db - LOUD_DB / 2
        rows: Floats = self.features[first:stop][clear].astype(np.float64)
        return rows

    def pitches_hz(self, start_ms: int, end_ms: int) -> Floats:
        """Give the pitch of the voiced frames between two times."""
        first, stop = start_ms // FRAME_MS, end_ms // FRAME_MS
        voiced = self.voicing[first:stop] > VOICED
        pitches: Floats = np.exp2(self.features[first:stop][voiced, -1].astype(np.float64))
        return pitches


def measure_voices(
    read: Read, duration_ms: int, spans: Sequence[SpeechSpan], tick: Tick
) -> VoiceFrames:
    """Measure the voices in a film, block by block.

    Args:
        read: Gives the sound.
        duration_ms: The film's length.
        spans: Where somebody speaks; blocks without speech are left out.
        tick: Progress and cancel.
    """
    count = -(-duration_ms // FRAME_MS)
    features = np.zeros((count, DIMENSIONS), np.float32)
    voicing = np.zeros(count, np.float32)
    level_db = np.full(count, -100.0, np.float32)
    for begin_ms in range(0, duration_ms, _BLOCK_MS):
        tick(begin_ms / duration_ms)
        end_ms = min(begin_ms + _BLOCK_MS, duration_ms)
        if not any(span.start_ms < end_ms and span.end_ms > begin_ms for span in spans):
            continue
        rows = slice(begin_ms // FRAME_MS, -(-end_ms // FRAME_MS))
        block = _block(read(begin_ms - _MARGIN_MS, end_ms + _MARGIN_MS), rows.stop - rows.start)
        features[rows], voicing[rows], level_db[rows] = block
    return VoiceFrames(features, voicing, level_db)


def _block(samples: Samples, count: int) -> tuple[Floats, Floats, Floats]:
    """Measure one block that has a margin on both sides, and leave the margins out."""
    sound = samples.astype(np.float64)
    inner = slice(_MARGIN_MS // FRAME_MS, _MARGIN_MS // FRAME_MS + count)
    power = without_noise(mel_power(sound))
    octaves, voicing = pitch(sound)
    cepstra = np.log(power) @ _cosines().T
    features = np.column_stack([cepstra, octaves])
    return features[inner], voicing[inner], 10 * np.log10(power.sum(axis=1))[inner]


def _framed(sound: Floats, size: int) -> Floats:
    """Cut sound into frames centred on each 10 ms, shape ``(n, size)``."""
    count = sound.size // _STEP
    padded = np.pad(sound, (size // 2, size // 2))
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::_STEP][:count]


def mel_power(sound: Floats) -> Floats:
    """Power in 26 mel bands, shape ``(n, 26)``."""
    bright = np.append(sound[:1], sound[1:] - _PREEMPHASIS * sound[:-1])
    frames = _framed(bright, _SPECTRUM_FRAME) * np.hamming(_SPECTRUM_FRAME)
    spectrum = np.square(np.abs(np.fft.rfft(frames, _SPECTRUM_FFT)))
    return np.asarray(spectrum @ _mel_bands().T, dtype=np.float64)


def without_noise(power: Floats) -> Floats:
    """Subtract the noise that the quietest tenth of the 3 s around shows in each band."""
    centres = np.arange(0, len(power), _NOISE_STEP)
    floors = np.array(
        [
            np.percentile(
                power[max(0, at - _NOISE_REACH) : at + _NOISE_REACH], _NOISE_PERCENTILE, 0
            )
            for at in centres
        ]
    )
    at = np.arange(len(power))
    noise = np.stack([np.interp(at, centres, band) for band in floors.T], axis=1)
    return np.maximum(power - _NOISE_FACTOR * noise, _NOISE_LEFT * noise) + 1e-8


@cache
def _mel_bands() -> Floats:
    """Triangles of equal width on the mel scale, shape ``(26, 257)``."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in _BAND_HZ)
    corners = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    hz = np.arange(_SPECTRUM_FFT // 2 + 1) * SAMPLE_RATE_HZ / _SPECTRUM_FFT
    rise = (hz - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - hz) / (corners[2:] - corners[1:-1])[:, None]
    return np.clip(np.minimum(rise, fall), 0.0, None)


@cache
def _cosines() -> Floats:
    """Rows 1 to 19 of the discrete cosine transform, shape ``(19, 26)``."""
    order = np.arange(1, CEPSTRA + 1)[:, None]
    return np.asarray(
        np.sqrt(2 / _BANDS) * np.cos(np.pi / _BANDS * (np.arange(_BANDS) + 0.5) * order)
    )


def pitch(sound: Floats) -> tuple[Floats, Floats]:
    """Give log2 of the pitch in Hz and the voicing (0 to 1) of each frame."""
    frames = _framed(sound, _PITCH_FRAME)
    parts = [
        _pitch(frames[first : first + _PITCHES_AT_ONCE])
        for first in range(0, len(frames), _PITCHES_AT_ONCE)
    ]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _pitch(frames: Floats) -> tuple[Floats, Floats]:
    window = np.hanning(_PITCH_FRAME)
    shaped = frames * window
    shaped -= shaped.mean(axis=1, keepdims=True)
    own = _autocorrelation(window[None, :])[0]
    found = _autocorrelation(shaped)
    likeness = found / (found[:, :1] + 1e-9) / (own / own[0] + 1e-3)
    shortest, longest = SAMPLE_RATE_HZ // _PITCH_HZ[1], SAMPLE_RATE_HZ // _PITCH_HZ[0]
    lags = np.arange(shortest, longest + 1)
    # a peak at twice the period is as high as the first; the shorter lag is the pitch
    best = np.argmax(likeness[:, lags] - _OCTAVE_COST * np.log2(lags / shortest), axis=1) + shortest
    row = np.arange(len(frames))
    before, peak, after = (likeness[row, best + shift] for shift in (-1, 0, 1))
    bend = before - 2 * peak + after
    shift = np.where(bend < 0, (before - after) / (2 * np.where(bend < 0, bend, -1.0)), 0.0)
    return np.log2(SAMPLE_RATE_HZ / (best + np.clip(shift, -0.5, 0.5))), np.clip(peak, 0.0, 1.0)


def _autocorrelation(frames: Floats) -> Floats:
    """Autocorrelation of what lies below 1500 Hz: broad peaks, and less of the noise."""
    power = np.square(np.abs(np.fft.rfft(frames, 2 * _PITCH_FRAME)))
    power[:, _PITCH_BINS:] = 0.0
    return np.fft.irfft(power)[:, :_PITCH_FRAME]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A voice over a stretch of speech: the mean of ``evidence`` clear frames, shape ``(20,)``.

    ``parts`` are means over pieces of about 0.6 s, shape ``(m, 20)``: how much a voice wanders
    within one line.
    """

    mean: Floats
    evidence: int
    parts: Floats


_PART_FRAMES = 60


def fingerprint(rows: Floats) -> Fingerprint:
    """Sum up the clear frames of a stretch; the pitch by its median, against octave slips."""
    if not len(rows):
        return Fingerprint(np.zeros(DIMENSIONS), 0, np.zeros((0, DIMENSIONS)))
    pieces = np.array_split(rows, max(1, len(rows) // _PART_FRAMES))
    return Fingerprint(_centre(rows), len(rows), np.array([_centre(piece) for piece in pieces]))


def _centre(rows: Floats) -> Floats:
    return np.append(rows[:, :CEPSTRA].mean(axis=0), np.median(rows[:, CEPSTRA]))


def fingerprints(frames: VoiceFrames, spans: Sequence[tuple[int, int]]) -> Iterator[Fingerprint]:
    """Sum up each span of (start, end) in ms."""
    return (fingerprint(frames.rows(start_ms, end_ms)) for start_ms, end_ms in spans)
