"""Engines without a model: the same answers on every machine, at once.

They ship with the program: tests of everything above the engines run on them, and so does a
first look at an installation that has no model yet. Nothing they make is of use to a listener.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Samples,
    Segment,
    Speech,
    SpeechRequest,
    SpeechSpan,
    Tick,
    Transcript,
    TranslationRequest,
    Variants,
    Voice,
)
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.errors import LanguageUnsupported
from dubbing_pipeline.model.speech import Word

REVISION = "1"
LANGUAGES = frozenset({"en", "es", "de", "fr", "it", "pt"})
SAMPLE_RATE_HZ = 16_000
VOICE_RATE_HZ = 22_050
CHARACTERS_PER_SECOND = 15.0
_FRAME_MS = 20
_LOUD_DB = -45.0
_BRIDGED_MS = 300
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORD_MS = 400


def _capabilities(task: str, **more: object) -> Capabilities:
    return Capabilities(
        task=task,  # type: ignore[arg-type]
        resource="cpu",
        needs_network=False,
        code_license="Apache-2.0",
        model_license="",
        **more,  # type: ignore[arg-type]
    )


class FakeDetector:
    """Takes for speech whatever is louder than -45 dB."""

    @property
    def ref(self) -> EngineRef:
        return EngineRef("fake", REVISION)

    @property
    def capabilities(self) -> Capabilities:
        return _capabilities("detect_speech")

    def detect(self, samples: Samples, *, tick: Tick) -> tuple[SpeechSpan, ...]:
        """Find loud spans; see ``SpeechDetector``."""
        tick(1.0)
        return loud_spans(samples)


def loud_spans(samples: Samples) -> tuple[SpeechSpan, ...]:
    """Find spans louder than -45 dB in 16 kHz sound; gaps under 0.3 s are bridged."""
    size = SAMPLE_RATE_HZ * _FRAME_MS // 1000
    frames = np.pad(samples, (0, -samples.size % size)).reshape(-1, size)
    loud = np.sqrt(np.mean(frames.astype(np.float64) ** 2, axis=1)) > 10 ** (_LOUD_DB / 20)
    end_ms = samples.size * 1000 // SAMPLE_RATE_HZ
    found: list[SpeechSpan] = []
    for frame in np.flatnonzero(loud):
        start = int(frame) * _FRAME_MS
        if found and start - found[-1].end_ms <= _BRIDGED_MS:
            start = found.pop().start_ms
        found.append(SpeechSpan(start, min(int(frame + 1) * _FRAME_MS, end_ms)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class FakeTranscriber:
    """Hears in each loud span what its script says, or counts.

    ``script`` maps nothing to anything: its texts are given to the spans in order.
    """

    script: tuple[str, ...] = ()
    language: str = "en"

    @property
    def ref(self) -> EngineRef:
        said = hashlib.sha256("\n".join((self.language, *self.script)).encode()).hexdigest()
        return EngineRef("fake", REVISION, model_sha256=said if self.script else "")

    @property
    def capabilities(self) -> Capabilities:
        return _capabilities("transcribe", languages=LANGUAGES, detects_language=True)

    def transcribe(self, samples: Samples, *, language: str | None, tick: Tick) -> Transcript:
        """Put a text on each loud span; see ``Transcriber``."""
        if language is not None and language not in LANGUAGES:
            raise _unknown(language)
        tick(1.0)
        segments = tuple(
            self._segment(index, span) for index, span in enumerate(loud_spans(samples))
        )
        return Transcript(language or self.language, segments)

    def _segment(self, index: int, span: SpeechSpan) -> Segment:
        if index < len(self.script):
            texts = self.script[index].split()
        else:
            count = max(1, (span.end_ms - span.start_ms) // _WORD_MS)
            texts = [_WORDS[at % len(_WORDS)] for at in range(count)]
        words = _spread(texts, span)
        return Segment(span.start_ms, span.end_ms, " ".join(texts), words)


def _spread(texts: Sequence[str], span: SpeechSpan) -> tuple[Word, ...]:
    """Lay words evenly over a span."""
    length = span.end_ms - span.start_ms
    edges = [span.start_ms + length * at // max(len(texts), 1) for at in range(len(texts) + 1)]
    return tuple(
        Word(edges[at], edges[at + 1], text, probability=1.0) for at, text in enumerate(texts)
    )


class FakeTranslator:
    """Marks each line with the target language, reversibly; glossary terms are replaced."""

    @property
    def ref(self) -> EngineRef:
        return EngineRef("fake", REVISION)

    @property
    def capabilities(self) -> Capabilities:
        pairs = frozenset((a, b) for a in LANGUAGES for b in LANGUAGES if a != b)
        return _capabilities("translate", pairs=pairs)

    def translate(self, request: TranslationRequest, *, tick: Tick) -> tuple[Variants, ...]:
        """Mark every line; see ``Translator``."""
        pair = (request.source_language, request.target_language)
        if pair not in self.capabilities.pairs:
            raise LanguageUnsupported(
                "engines.pair_missing",
                engine="fake",
                source=pair[0],
                target=pair[1],
                fix="dub engines list",
            )
        tick(1.0)
        return tuple(Variants(line.id, (_marked(line.text, request),)) for line in request.lines)


def _marked(text: str, request: TranslationRequest) -> str:
    for source, target in request.glossary.items():
        text = text.replace(source, target)
    return f"[{request.target_language}] {text}"


class FakeSynthesizer:
    """Hums: a buzz with syllables, as long as the text would take, pitched by the voice."""

    @property
    def ref(self) -> EngineRef:
        return EngineRef("fake", REVISION)

    @property
    def capabilities(self) -> Capabilities:
        return _capabilities("synthesize", languages=LANGUAGES, native_rate=(0.5, 2.0))

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Two voices a language; see ``Synthesizer``."""
        if language not in LANGUAGES:
            return ()
        return (Voice("low", language, "m"), Voice("high", language, "f"))

    def speak(self, requests: Sequence[SpeechRequest], *, tick: Tick) -> tuple[Speech, ...]:
        """Hum every line; see ``Synthesizer``."""
        for request in requests:
            if request.voice not in {voice.name for voice in self.voices(request.language)}:
                raise _unknown(request.language)
        tick(1.0)
        return tuple(_hummed(request) for request in requests)


def _hummed(request: SpeechRequest) -> Speech:
    seconds = max(len(request.text), 3) / CHARACTERS_PER_SECOND / request.rate
    time: npt.NDArray[np.float64] = np.arange(round(seconds * VOICE_RATE_HZ)) / VOICE_RATE_HZ
    pitch_hz = 200.0 if request.voice == "high" else 110.0
    buzz = sum(np.sin(2 * np.pi * pitch_hz * n * time) / n for n in range(1, 12))
    syllables = 0.55 - 0.45 * np.cos(2 * np.pi * 4.0 * time)
    return Speech((0.2 * buzz * syllables).astype(np.float32), VOICE_RATE_HZ)


def _unknown(language: str) -> LanguageUnsupported:
    return LanguageUnsupported(
        "engines.language_unknown_to_model",
        model="fake",
        language=language,
        known=" ".join(sorted(LANGUAGES)),
        fix="dub engines list",
    )


def open_fake_detector(_settings: EngineSettings, _model: str) -> FakeDetector:
    return FakeDetector()


def open_fake_transcriber(_settings: EngineSettings, _model: str) -> FakeTranscriber:
    return FakeTranscriber()


def open_fake_translator(_settings: EngineSettings, _model: str) -> FakeTranslator:
    return FakeTranslator()


def open_fake_synthesizer(_settings: EngineSettings, _model: str) -> FakeSynthesizer:
    return FakeSynthesizer()
