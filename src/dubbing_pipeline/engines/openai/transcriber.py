"""Recognition by a service: ``/audio/transcriptions`` with times of words."""

from collections.abc import Callable, Iterator

import numpy as np
from pydantic import ValidationError

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Samples,
    Segment,
    Tick,
    Transcript,
)
from dubbing_pipeline.engines.faults import first_fault
from dubbing_pipeline.engines.hallucination import sift
from dubbing_pipeline.engines.openai.wire import Request, Wire, at, open_wire
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.timed_text import TimedText, language_code, segments
from dubbing_pipeline.engines.wav import write_wav
from dubbing_pipeline.engines.whisper import LANGUAGES
from dubbing_pipeline.errors import EngineFailed

REVISION = "1"
SAMPLE_RATE_HZ = 16_000
LONGEST_S = 600
"""Services take files up to 25 MB: 13 minutes of 16-bit sound at 16 kHz."""
SHORTEST_WAIT_S = 60.0
WAIT_S_A_SECOND = 2.0
_SEARCH_S = 30
_QUIET_S = 0.2


class OpenAiTranscriber:
    """Sends WAV, at most ten minutes at a time, cut where it is quiet."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def ref(self) -> EngineRef:
        return EngineRef("openai", REVISION, self._wire.model)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task="transcribe",
            resource="net",
            needs_network=True,
            code_license="",
            model_license="set by the service",
            cost="metered",
            languages=LANGUAGES,
            detects_language=True,
            deterministic=False,
        )

    def transcribe(self, samples: Samples, *, language: str | None, tick: Tick) -> Transcript:
        """Recognise 16 kHz mono samples; see ``Transcriber``."""
        heard: list[Segment] = []
        found = language
        for start, stop in pieces(samples):
            progress = start / samples.size
            answer = self._piece(samples[start:stop], found, at(progress, tick))
            found = found or language_code(answer.language)
            heard.extend(
                segments(answer, offset_ms=start * 1000 // SAMPLE_RATE_HZ, engine="openai")
            )
        if found is None:
            raise EngineFailed("engines.language_not_told", engine="openai", model=self._wire.model)
        kept, rejected = sift(heard)
        tick(1.0)
        return Transcript(found, kept, rejected=rejected)

    def _piece(self, samples: Samples, language: str | None, tick: Callable[[], None]) -> TimedText:
        form: dict[str, str | list[str]] = {
            "model": self._wire.model,
            "response_format": "verbose_json",
            "timestamp_granularities[]": ["word", "segment"],
            "temperature": "0",
        }
        if language:
            form["language"] = language
        files = {"file": ("speech.wav", write_wav(samples, SAMPLE_RATE_HZ), "audio/wav")}
        media_s = samples.size / SAMPLE_RATE_HZ
        read_s = SHORTEST_WAIT_S + WAIT_S_A_SECOND * media_s
        request = Request("/audio/transcriptions", read_s=read_s, form=form, files=files)
        body = self._wire.post(request, tick=tick)
        try:
            return TimedText.model_validate_json(body)
        except ValidationError as error:
            raise EngineFailed(
                "engines.answer_unreadable", engine="openai", detail=first_fault(error)
            ) from error


def pieces(samples: Samples) -> Iterator[tuple[int, int]]:
    """Cut long sound where it is quietest near the end of each ten minutes."""
    start = 0
    while samples.size - start > LONGEST_S * SAMPLE_RATE_HZ:
        latest = start + LONGEST_S * SAMPLE_RATE_HZ
        stop = _quietest(samples, latest - _SEARCH_S * SAMPLE_RATE_HZ, latest)
        yield start, stop
        start = stop
    if samples.size > start:
        yield start, samples.size


def _quietest(samples: Samples, first: int, last: int) -> int:
    size = int(_QUIET_S * SAMPLE_RATE_HZ)
    windows = samples[first:last].reshape(-1, size)
    loudness = np.mean(windows.astype(np.float64) ** 2, axis=1)
    return first + int(np.argmin(loudness)) * size + size // 2


def open_transcriber(settings: EngineSettings, model: str) -> OpenAiTranscriber:
    """Open the configured service.

    Raises:
        EngineMissing: None is configured, or with another model.
    """
    return OpenAiTranscriber(open_wire(settings.stt, model, setting="STT"))
