"""Speech detection with the Silero model that faster-whisper carries (MIT)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Samples,
    SpeechSpan,
    Tick,
)
from dubbing_pipeline.engines.hashes import package_sha256
from dubbing_pipeline.engines.settings import PACKAGES_FIX, EngineSettings
from dubbing_pipeline.errors import EngineMissing

REVISION = 1
SAMPLE_RATE_HZ = 16_000
_FRAME = 512
_CONTEXT = 64
_FRAMES_AT_ONCE = 1_000
_STATE = 128
_MODEL = "silero_vad_v6"


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """When frames count as speech.

    Speech starts at ``on`` and goes on until frames have stayed below ``off`` for
    ``min_silence_ms``. Spans shorter than ``min_speech_ms`` are dropped, the others widened by
    ``lead_ms`` before and ``tail_ms`` after: the model lets go 0.1 to 0.3 s early.
    """

    on: float = 0.5
    off: float = 0.35
    min_speech_ms: int = 100
    min_silence_ms: int = 200
    lead_ms: int = 30
    tail_ms: int = 100


class SileroDetector:
    """Runs the model over long sound in blocks of 32 s, its state carried from one to the next.

    The answer is the same as for one run over everything; memory does not grow with the film.
    """

    def __init__(self, hysteresis: Hysteresis | None = None) -> None:
        self._hysteresis = hysteresis or Hysteresis()

    @property
    def ref(self) -> EngineRef:
        release = version("faster-whisper")
        recorded = package_sha256("faster-whisper", f"faster_whisper/assets/{_MODEL}.onnx")
        return EngineRef("silero", f"{release}-{REVISION}", _MODEL, recorded or "")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task="detect_speech",
            resource="cpu",
            needs_network=False,
            code_license="MIT",
            model_license="MIT",
        )

    def detect(self, samples: Samples, *, tick: Tick) -> tuple[SpeechSpan, ...]:
        """Find speech in 16 kHz mono samples; see ``SpeechDetector``."""
        probabilities = np.concatenate([np.zeros(0, np.float32), *self._blocks(samples, tick)])
        tick(1.0)
        return spans(probabilities, samples.size, self._hysteresis)

    def _blocks(self, samples: Samples, tick: Tick) -> Iterator[npt.NDArray[np.float32]]:
        hidden = np.zeros((1, 1, _STATE), np.float32)
        cell = np.zeros((1, 1, _STATE), np.float32)
        context = np.zeros(_CONTEXT, np.float32)
        step = _FRAME * _FRAMES_AT_ONCE
        for start in range(0, samples.size, step):
            tick(start / samples.size)
            block = samples[start : start + step].astype(np.float32, copy=False)
            block = np.pad(block, (0, -block.size % _FRAME))
            frames = _with_context(block, context)
            inputs = {"input": frames, "h": hidden, "c": cell}
            found, hidden, cell = self._session.run(None, inputs)
            context = block[-_CONTEXT:]
            yield np.asarray(found, np.float32).reshape(-1)

    @cached_property
    def _session(self) -> Any:
        from faster_whisper.vad import get_vad_model  # noqa: PLC0415  (loads the runtime)

        return get_vad_model().session


def open_silero(_settings: EngineSettings, _model: str) -> SileroDetector:
    """Open the detector.

    Raises:
        EngineMissing: faster-whisper is not installed.
    """
    if find_spec("faster_whisper") is None:
        raise EngineMissing("engines.package_missing", engine="silero", fix=PACKAGES_FIX)
    return SileroDetector()


def _with_context(block: Samples, context: Samples) -> npt.NDArray[np.float32]:
    """Cut a block into frames of 512, each led by the 64 samples before it: ``(n, 576)``."""
    whole = np.concatenate([context, block])
    windows = np.lib.stride_tricks.sliding_window_view(whole, _CONTEXT + _FRAME)
    return np.ascontiguousarray(windows[::_FRAME])


def spans(
    probabilities: npt.NDArray[np.float32], sample_count: int, hysteresis: Hysteresis
) -> tuple[SpeechSpan, ...]:
    """Turn frame probabilities into spans that neither overlap nor leave the sound."""
    end_ms = sample_count * 1000 // SAMPLE_RATE_HZ
    found: list[SpeechSpan] = []
    for start, stop in _runs(probabilities, hysteresis):
        first = max(_ms(start) - hysteresis.lead_ms, found[-1].end_ms if found else 0)
        last = min(_ms(stop) + hysteresis.tail_ms, end_ms)
        found.append(SpeechSpan(first, last))
    return tuple(found)


def _runs(
    probabilities: npt.NDArray[np.float32], hysteresis: Hysteresis
) -> Iterator[tuple[int, int]]:
    """Give (first frame, frame after the last) of each stretch of speech."""
    start = quiet = -1
    for frame, probability in enumerate(probabilities):
        if probability >= hysteresis.on:
            start = frame if start < 0 else start
            quiet = -1
        elif start >= 0 and probability < hysteresis.off:
            quiet = frame if quiet < 0 else quiet
            if _ms(frame - quiet) >= hysteresis.min_silence_ms:
                yield from _long_enough(start, quiet, hysteresis)
                start = quiet = -1
    if start >= 0:
        stop = quiet if quiet >= 0 else len(probabilities)
        yield from _long_enough(start, stop, hysteresis)


def _long_enough(start: int, stop: int, hysteresis: Hysteresis) -> Iterator[tuple[int, int]]:
    if _ms(stop - start) >= hysteresis.min_speech_ms:
        yield start, stop


def _ms(frames: int) -> int:
    return frames * _FRAME * 1000 // SAMPLE_RATE_HZ
