"""One spoken line as sound: trimmed to what is heard, and measured."""

from math import gcd

import numpy as np

from dubbing_pipeline.engines.base import Samples, Speech
from dubbing_pipeline.errors import EngineFailed

_FRAME_S = 0.005
_SILENT_DB = -45.0
"""Below the loudest frame by this much, nobody hears a take's edge."""

_LEAD_S = 0.005
_TAIL_S = 0.040
_PAD_S = 0.05
"""Kept around the sound: a soft consonant begins below the threshold, a vowel dies away."""


def trim(speech: Speech, *, line: int) -> Speech:
    """Cut the silence before and after; engines leave from nothing to half a second.

    Raises:
        EngineFailed: There is no sound in it at all.
    """
    first, last = sounding(speech.samples, speech.sample_rate_hz)
    if last <= first:
        raise EngineFailed("stages.silent_take", line=line)
    rate = speech.sample_rate_hz
    begin = max(0, first - round(_LEAD_S * rate))
    end = min(len(speech.samples), last + round(_TAIL_S * rate))
    return Speech(speech.samples[begin:end], rate)


def sounding(samples: Samples, sample_rate_hz: int) -> tuple[int, int]:
    """Find the first and one past the last sample that is heard; (0, 0) if none is."""
    frame = max(1, round(_FRAME_S * sample_rate_hz))
    count = len(samples) // frame
    if count == 0:
        return (0, 0)
    frames = samples[: count * frame].reshape(count, frame).astype(np.float64)
    power = (frames**2).mean(axis=1)
    loudest = float(power.max())
    if loudest <= 0.0:
        return (0, 0)
    heard = np.flatnonzero(power > loudest * 10 ** (_SILENT_DB / 10))
    return (int(heard[0]) * frame, (int(heard[-1]) + 1) * frame)


def duration_ms(speech: Speech) -> int:
    return round(len(speech.samples) * 1000 / speech.sample_rate_hz)


def at_rate(speech: Speech, sample_rate_hz: int) -> Samples:
    """Resample a whole take by its spectrum: exact below half the lower rate, nothing above.

    The ends are padded with silence first, because a spectrum wraps around.
    """
    old, new = speech.sample_rate_hz, sample_rate_hz
    if old == new:
        return speech.samples
    unit = old // gcd(old, new)
    pad = round(_PAD_S * old)
    total = -(-(len(speech.samples) + 2 * pad) // unit) * unit
    padded = np.zeros(total)
    padded[pad : pad + len(speech.samples)] = speech.samples
    resampled = np.fft.irfft(np.fft.rfft(padded)[: total * new // old // 2 + 1], total * new // old)
    begin = round(pad * new / old)
    length = round(len(speech.samples) * new / old)
    sound: Samples = (resampled[begin : begin + length] * (new / old)).astype(np.float32)
    return sound


def resized(samples: Samples, frames: int) -> Samples:
    """Bring a take to an exact length: silence added, or the last samples of its tail left."""
    sized: Samples = np.zeros(frames, dtype=np.float32)
    kept = min(frames, len(samples))
    sized[:kept] = samples[:kept]
    return sized


def level_db(samples: Samples) -> float:
    """Give the level of the loud half, in dB below full scale: pauses do not count.

    The mean power of those 20 ms frames that are within 20 dB of the loudest; -120 for silence.
    """
    frame = 960
    count = max(1, len(samples) // frame)
    padded = np.zeros(count * frame, dtype=np.float64)
    used = min(len(samples), count * frame)
    padded[:used] = samples[:used]
    power = (padded.reshape(count, frame) ** 2).mean(axis=1)
    loudest = float(power.max())
    if loudest <= 1e-12:
        return -120.0
    return float(10 * np.log10(power[power > loudest * 0.01].mean()))
