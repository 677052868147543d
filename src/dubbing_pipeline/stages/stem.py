"""What the dub stem really holds: where each take sounds in it, and how much of it. Pure numpy.

Everything is measured on loudness envelopes in frames of 5 ms.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.engines.base import Samples

Envelope = npt.NDArray[np.float64]
"""Root mean square a frame, shape ``(n,)``."""

FRAME_MS = 5
SAMPLE_RATE_HZ = 16_000
REACH_MS = 700
"""How far from its planned place a take is looked for."""

_FRAME = SAMPLE_RATE_HZ * FRAME_MS // 1000
_BLOCK_FRAMES = 20_000
_ACTIVE = 0.0056
"""A frame of a take is speech if it is less than 45 dB below the loudest, as where it is trimmed."""

_PRESENT = 0.1
"""A frame is in the stem if it is less than 20 dB below what it should be."""

_RINGING = 0.003
"""What is 50 dB below a take's loudest frame is an echo of resampling, and no speech."""

_ALIKE = 0.5
"""Correlation of envelopes from which a take counts as found."""

_HOME = 0.9
"""A take is where it was planned if that place is nearly as like it as the best one."""

_SILENCE = 1e-6
_SPOKEN_ANEW_MS = 20


@dataclass(frozen=True, slots=True)
class Found:
    """Where a take sounds.

    ``offset_ms`` is measured minus planned start. ``onset_ms`` and ``end_ms`` are where its
    speech, without the silence around it, begins and ends in the stem. ``missing_ms`` is by how
    much that span is shorter than the take's own speech. A take that is not there at all has
    ``likeness`` below 0.5 and misses all of its speech.
    """

    offset_ms: int
    onset_ms: int
    end_ms: int
    missing_ms: int
    likeness: float

    @property
    def is_there(self) -> bool:
        return self.likeness >= _ALIKE


def envelope(samples: Samples) -> Envelope:
    """Measure the loudness of 16 kHz samples in frames of 5 ms, block by block."""
    count = samples.size // _FRAME
    blocks = range(0, count, _BLOCK_FRAMES)
    parts = [_block_envelope(samples, first, min(first + _BLOCK_FRAMES, count)) for first in blocks]
    return np.concatenate([np.zeros(0), *parts])


def stretched_envelope(take: Samples, length_ms: int) -> Envelope:
    """Measure the loudness of a take, at any sample rate, as if it were stretched to a length."""
    frames = max(1, length_ms // FRAME_MS)
    energy = np.concatenate([[0.0], np.cumsum(np.square(take, dtype=np.float64))])
    edges = np.linspace(0, take.size, frames + 1)
    between = np.diff(np.interp(edges, np.arange(take.size + 1), energy))
    loudness: Envelope = np.sqrt(np.maximum(between, 0.0) / max(take.size / frames, 1e-9))
    return loudness


def speech_ms(take: Envelope, loudest: float = 0.0) -> int:
    """Tell how long a take speaks, from its first frame that is heard to its last.

    Args:
        take: Its envelope.
        loudest: Loudness of its loudest frame before anything was done to it, if that is more.
    """
    active = _active(take, loudest)
    return (int(active[-1]) + 1 - int(active[0])) * FRAME_MS if active.size else 0


def shortfall_ms(spoken: Envelope, placed: Envelope) -> int:
    """Tell by how much a placed take speaks shorter than the one that was spoken.

    20 ms are forgiven: a voice that speaks a line anew at another pace ends it a little otherwise.
    """
    missing_ms = speech_ms(spoken) - speech_ms(placed, float(spoken.max()))
    return max(0, missing_ms - _SPOKEN_ANEW_MS)


def find_take(stem: Envelope, take: Envelope, start_ms: int) -> Found:
    """Find a take near the place where it was planned.

    Args:
        stem: Envelope of the dub stem.
        take: Envelope of the take at its planned length.
        start_ms: Planned start.
    """
    active = _active(take)
    whole_ms = speech_ms(take)
    reach = REACH_MS // FRAME_MS
    window = _window(stem, start_ms // FRAME_MS - reach, take.size + 2 * reach)
    offset, likeness = _best_offset(window, take, reach)
    here = window[offset : offset + take.size]
    present = active[_present(here, take)[active]] if likeness >= _ALIKE else active[:0]
    offset_ms = (offset - reach) * FRAME_MS
    if present.size == 0:
        return Found(offset_ms, start_ms, start_ms, whole_ms, min(likeness, 0.0))
    begin_ms, end_ms = int(present[0]) * FRAME_MS, (int(present[-1]) + 1) * FRAME_MS
    return Found(
        offset_ms=offset_ms,
        onset_ms=start_ms + offset_ms + begin_ms,
        end_ms=start_ms + offset_ms + end_ms,
        missing_ms=whole_ms - (end_ms - begin_ms),
        likeness=round(likeness, 3),
    )


def likeness(one: Samples, other: Samples, reach_ms: int = 50) -> float:
    """Correlate two stretches of 16 kHz sound, allowing for some delay either way.

    Returns:
        Peak of the normalised cross-correlation's magnitude, 0 to 1; 0.0 if one is silent.
    """
    count = min(one.size, other.size)
    left, right = np.asarray(one[:count], np.float64), np.asarray(other[:count], np.float64)
    scale = float(np.sqrt(np.square(left).sum() * np.square(right).sum()))
    if count == 0 or scale < _SILENCE:
        return 0.0
    size = 1 << (2 * count - 1).bit_length()
    product = np.fft.rfft(left, size) * np.conj(np.fft.rfft(right, size))
    correlation = np.abs(np.fft.irfft(product, size))
    reach = min(reach_ms * SAMPLE_RATE_HZ // 1000, count - 1)
    near = np.concatenate([correlation[: reach + 1], correlation[size - reach :]])
    return round(min(1.0, float(near.max()) / scale), 3)


def _block_envelope(samples: Samples, first: int, last: int) -> Envelope:
    block = np.asarray(samples[first * _FRAME : last * _FRAME], np.float64)
    loudness: Envelope = np.sqrt(np.square(block).reshape(-1, _FRAME).mean(axis=1))
    return loudness


def _active(take: Envelope, loudest: float = 0.0) -> npt.NDArray[np.intp]:
    """Give the frames in which a take speaks."""
    return np.flatnonzero(take >= _ACTIVE * max(float(take.max()), loudest))


def _window(stem: Envelope, first: int, count: int) -> Envelope:
    """Cut frames out of the stem, silence where it has none."""
    window = np.zeros(count)
    begin, end = max(first, 0), min(first + count, stem.size)
    if begin < end:
        window[begin - first : end - first] = stem[begin:end]
    return window


def _best_offset(window: Envelope, take: Envelope, home: int) -> tuple[int, float]:
    """Find where in the window the take fits best, and how alike the two are there."""
    places = np.lib.stride_tricks.sliding_window_view(window, take.size)
    centred = take - take.mean()
    spread = places.std(axis=1) * take.size * take.std()
    alike = np.divide(places @ centred, spread, out=np.zeros(len(places)), where=spread > _SILENCE)
    best = int(np.argmax(alike))
    near = range(max(0, home - 2), min(len(alike), home + 3))
    nearest = max(near, key=lambda place: alike[place])
    chosen = nearest if alike[nearest] >= _HOME * alike[best] else best
    return chosen, float(alike[chosen])


def _present(here: Envelope, take: Envelope) -> npt.NDArray[np.bool_]:
    """Tell for each frame whether the stem has it, a frame to either side counting too."""
    gain = float(here @ take) / max(float(take @ take), _SILENCE)
    padded = np.pad(here, 1)
    widened = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    expected = np.maximum(_PRESENT * take, _RINGING * take.max())
    present: npt.NDArray[np.bool_] = widened >= gain * expected
    return present
