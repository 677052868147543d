"""The arithmetic of the mix, in blocks: everything here is local in time.

A sample of the result depends on what lies within ``REACH_MS`` of it and on nothing else. So a
film can be mixed in blocks of any size, a preview is the same sound as the film, and a changed
line changes the mix around that line only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000
"""Sample rate of everything that is mixed."""

RAMP_MS = 80
"""How long the original takes to sink under the dub and to come back."""

DUCK_DB = -22.0
"""How far it sinks: heard as a voice behind the dub, not understood (EBU R 128 s1 practice)."""

CEILING_DBTP = -2.0
"""Peaks stay below; lossy encoding adds up to 1 dB, and -1 dBTP is the promise."""

REACH_MS = RAMP_MS + 20
"""How far one sample's result can depend on its surroundings."""

_LOOK = 48
_OVERSAMPLED = 4
_TAPS = 12

Sound = npt.NDArray[np.float32]
"""Shape ``(n, channels)``, -1 to 1."""


@dataclass(frozen=True, slots=True)
class Span:
    """A span of samples, end not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One placed take: mono sound that starts at sample ``start``, with its gain applied."""

    start: int
    samples: npt.NDArray[np.float32]

    @property
    def end(self) -> int:
        return self.start + len(self.samples)


def samples_of(time_ms: int) -> int:
    return time_ms * RATE_HZ // 1000


def ducking(block: Span, under: Sequence[Span], depth_db: float = DUCK_DB) -> Sound:
    """Give the original's gain over a block: 1 away from ``under``, ``depth_db`` inside.

    The way down ends where a span begins, the way up starts where it ends; raised-cosine ramps.

    Returns:
        Shape ``(n, 1)``.
    """
    ramp = samples_of(RAMP_MS)
    sunk = np.zeros(block.end - block.start)
    for span in under:
        begin, end = max(span.start - ramp, block.start), min(span.end + ramp, block.end)
        if begin >= end:
            continue
        at = np.arange(begin, end)
        outside = np.maximum(np.maximum(span.start - at, at - (span.end - 1)), 0)
        near = sunk[begin - block.start : end - block.start]
        np.maximum(near, 0.5 + 0.5 * np.cos(np.pi * np.minimum(outside / ramp, 1.0)), out=near)
    depth = 10 ** (depth_db / 20)
    return (1.0 - (1.0 - depth) * sunk).astype(np.float32)[:, None]


def silencing(block: Span, muted: Sequence[Span]) -> Sound:
    """Give the gain for lines that shall be silent: 0 inside, ramps outside as for ducking."""
    return ducking(block, muted, depth_db=-120.0)


def place(block: Span, pieces: Sequence[Piece]) -> npt.NDArray[np.float32]:
    """Lay the takes that touch a block into it.

    Returns:
        Mono, shape ``(n,)``.
    """
    stem = np.zeros(block.end - block.start, dtype=np.float32)
    for piece in pieces:
        begin, end = max(piece.start, block.start), min(piece.end, block.end)
        if begin < end:
            part = piece.samples[begin - piece.start : end - piece.start]
            stem[begin - block.start : end - block.start] += part
    return stem


def limit(sound: Sound, ceiling_dbtp: float = CEILING_DBTP) -> Sound:
    """Keep true peaks below the ceiling with a gain that looks 1 ms both ways.

    The gain each sample needs is held over ``_LOOK`` samples to both sides (sliding minimum)
    and then smoothed by a window of half that reach, so it is never above what is needed. All
    channels share it: the picture between left and right does not move. The peak between
    samples is found by four-fold oversampling (ITU-R BS.1770-4, annex 2).
    """
    ceiling = 10 ** (ceiling_dbtp / 20)
    peak = _true_peak(sound, ceiling)
    if float(peak.max(initial=0.0)) <= ceiling:
        return sound
    needed = np.minimum(1.0, ceiling / np.maximum(peak, 1e-9))
    held = _slide(needed, _LOOK)
    window = np.hanning(_LOOK + 2)[1:-1]
    window /= window.sum()
    padded = np.pad(held, (_LOOK // 2, _LOOK - _LOOK // 2 - 1), mode="edge")
    smooth = np.convolve(padded, window, mode="valid")
    return (sound * smooth[:, None]).astype(np.float32)


def _slide(values: npt.NDArray[np.float64], reach: int) -> npt.NDArray[np.float64]:
    """Give the minimum over ``reach`` values to both sides, by doubling the window."""
    width = 2 * reach + 1
    low = np.pad(values, reach, mode="edge")
    span = 1
    while span * 2 <= width:
        low = np.minimum(low[:-span], low[span:])
        span *= 2
    rest = width - span
    return np.minimum(low[: len(values)], low[rest : rest + len(values)])


def _true_peak(sound: Sound, ceiling: float) -> npt.NDArray[np.float64]:
    """Give the largest magnitude at or right after each sample over all channels."""
    peak: npt.NDArray[np.float64] = np.abs(sound).max(axis=1, initial=0.0).astype(np.float64)
    if float(peak.max(initial=0.0)) < ceiling * 0.5:
        return peak  # between samples it can be higher, but not by 6 dB in sound that is speech
    for phase in _phases():
        for channel in sound.T:
            between = np.abs(np.convolve(channel, phase, mode="same"))
            peak = np.maximum(peak, between)
    return peak


def _phases() -> list[npt.NDArray[np.float64]]:
    """Windowed-sinc filters that give the values between two samples."""
    at = np.arange(_TAPS) - _TAPS / 2 + 1
    window = np.hanning(_TAPS + 2)[1:-1]
    shifts = [step / _OVERSAMPLED for step in range(1, _OVERSAMPLED)]
    filters = [np.sinc(at - shift) * window for shift in shifts]
    return [(each / each.sum())[::-1] for each in filters]
