"""Sample arithmetic: level, trim, spans of speech, beds, placing in stereo or 5.1."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000

Mono = npt.NDArray[np.float32]
"""Shape ``(n,)``, -1 to 1."""

Channels = npt.NDArray[np.float32]
"""Shape ``(n, channels)``, -1 to 1."""

Span = tuple[int, int]
"""Start and end in milliseconds."""

FRAME_MS = 10
FLOOR_DB = -40.0
"""A frame this far below the loudest one is silence: keeps soft consonants, drops breath."""


def frame_levels_db(sound: Mono, *, rate_hz: int = RATE_HZ) -> npt.NDArray[np.float64]:
    """Measure each 10 ms frame.

    Returns:
        Shape ``(frames,)``: root mean square in dB below full scale, at least -120.
    """
    size = rate_hz * FRAME_MS // 1000
    frames = -(-len(sound) // size)
    padded = np.zeros(frames * size, dtype=np.float64)
    padded[: len(sound)] = sound
    power = np.mean(padded.reshape(frames, size) ** 2, axis=1)
    levels: npt.NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, 1e-12))
    return levels


def trim(sound: Mono) -> Mono:
    """Cut silence off both ends, to the frame.

    Raises:
        ValueError: There is nothing but silence.
    """
    levels = frame_levels_db(sound)
    if not levels.size or levels.max() <= -100:
        raise ValueError("a voice gave no sound")
    loud = np.flatnonzero(levels > levels.max() + FLOOR_DB)
    size = RATE_HZ * FRAME_MS // 1000
    return sound[loud[0] * size : (loud[-1] + 1) * size]


def speech_spans(
    sound: Mono, *, rate_hz: int = RATE_HZ, floor_db: float = FLOOR_DB, join_ms: int = 250
) -> list[Span]:
    """Find where a clean voice sounds, by energy against the loudest frame.

    Pauses shorter than ``join_ms`` belong to the speech. Only right for sound that holds
    nothing but a voice: a generated line, a stem.
    """
    levels = frame_levels_db(sound, rate_hz=rate_hz)
    if not levels.size or levels.max() <= -100:
        return []
    spans: list[Span] = []
    for frame in np.flatnonzero(levels > levels.max() + floor_db).tolist():
        start, end = frame * FRAME_MS, (frame + 1) * FRAME_MS
        if spans and start - spans[-1][1] < join_ms:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def rms_db(sound: npt.NDArray[np.float32]) -> float:
    """Root mean square of all samples in dB below full scale; -inf for nothing."""
    power = float(np.mean(np.square(sound, dtype=np.float64))) if sound.size else 0.0
    return 10.0 * math.log10(power) if power > 0 else -math.inf


def level_to(sound: npt.NDArray[np.float32], dbfs: float) -> npt.NDArray[np.float32]:
    """Scale sound to a root mean square; peaks are held below full scale."""
    gain = 10.0 ** ((dbfs - rms_db(sound)) / 20.0)
    peak = float(np.abs(sound).max()) * gain
    return sound * np.float32(gain if peak <= 0.98 else gain * 0.98 / peak)


def inside(sound: Channels, spans: Sequence[Span]) -> Channels:
    """Cut out what lies inside the spans, end to end."""
    per_ms = RATE_HZ // 1000
    return np.concatenate([sound[start * per_ms : end * per_ms] for start, end in spans])


def pan(sound: Mono, position: float) -> Channels:
    """Place a voice between left (-1) and right (1) with equal power."""
    angle = (position + 1.0) * math.pi / 4.0
    sides = np.array([math.cos(angle), math.sin(angle)], dtype=np.float32)
    return sound[:, np.newaxis] * sides


def add_at(target: npt.NDArray[np.float32], part: npt.NDArray[np.float32], start_ms: int) -> None:
    """Add a part into a longer sound, in place; it must fit."""
    start = start_ms * RATE_HZ // 1000
    target[start : start + len(part)] += part
