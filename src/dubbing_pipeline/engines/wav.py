"""WAV bytes to samples and back, for engines that speak WAV over a pipe or a wire."""

import io

import numpy as np

from dubbing_pipeline.engines.base import Samples, Speech
from dubbing_pipeline.errors import EngineFailed


def read_wav(data: bytes, *, engine: str) -> Speech:
    """Read WAV, also from a program that wrote to a pipe and left the sizes in the head open.

    Several channels are averaged to one.

    Raises:
        EngineFailed: It is no WAV, or has no sample.
    """
    import soundfile  # noqa: PLC0415  (loads a native library)

    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise EngineFailed("engines.sound_unreadable", engine=engine, detail=str(error)) from error
    if not samples.shape[0]:
        raise EngineFailed("engines.sound_empty", engine=engine)
    return Speech(np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32)), int(rate))


def write_wav(samples: Samples, sample_rate_hz: int) -> bytes:
    """Write mono samples as 16-bit WAV."""
    import soundfile  # noqa: PLC0415  (loads a native library)

    out = io.BytesIO()
    soundfile.write(out, samples, sample_rate_hz, subtype="PCM_16", format="WAV")
    return out.getvalue()
