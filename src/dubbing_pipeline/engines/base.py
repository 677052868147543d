"""The seams between the dubbing and the programs and models that do the work.

One Protocol a task. An adapter does no file bookkeeping: it is handed samples or text and gives
values back, so that the same stages drive a neural model, a program or a distant endpoint.
Adapters are sync; they raise from ``errors`` only; a slow one calls ``tick`` often.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.model.speech import Word

Samples = npt.NDArray[np.float32]
"""Mono sound, float32 in -1 to 1, shape ``(n,)``."""

Task = Literal["transcribe", "translate", "synthesize", "detect_speech"]
Resource = Literal["cpu", "gpu", "net"]

Pair = tuple[str, str]
"""Source and target language."""

Tick = Callable[[float], None]
"""Called with progress 0 to 1. It may raise ``errors.Cancelled``; let it pass through."""


@dataclass(frozen=True, slots=True)
class EngineRef:
    """Which engine made something: goes into artifact keys, so it has no path and no host.

    ``model_sha256`` is the hash of the weights, or "" for an engine that has none of its own.
    """

    name: str
    version: str
    model: str = ""
    model_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do here and now, with the model it found.

    ``languages`` are primary subtags; for translators ``pairs`` holds (source, target).
    ``detects_language`` is only for recognisers. ``native_rate`` is the span of speaking rates
    a synthesizer can do by itself, (1.0, 1.0) for none.
    """

    task: Task
    resource: Resource
    needs_network: bool
    code_license: str
    model_license: str
    cost: Literal["free", "metered"] = "free"
    languages: frozenset[str] = frozenset()
    pairs: frozenset[Pair] = frozenset()
    detects_language: bool = False
    native_rate: tuple[float, float] = (1.0, 1.0)
    deterministic: bool = True


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of recognised speech, with the recogniser's own doubts.

    ``average_log_probability`` and ``no_speech_probability`` are as Whisper defines them
    (arXiv 2212.04356, section 4.5); other engines give 0.0 where they do not know.
    """

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...]
    average_log_probability: float = 0.0
    no_speech_probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser heard. ``language`` is what it was told, or what it found.

    ``rejected`` holds segments it does not believe itself (noise taken for words); they are not
    to be dubbed, but a report may name them.
    """

    language: str
    segments: tuple[Segment, ...]
    language_probability: float = 1.0
    rejected: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeechSpan:
    """A span in which somebody speaks."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class TranslationLine:
    """One line to translate. ``budget_ms`` is the room its dub will have."""

    id: int
    text: str
    speaker: str = ""
    budget_ms: int = 0


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """All lines of a film at once, in order: context matters.

    ``glossary`` maps source terms to target terms that must be used.
    ``characters_per_second`` is the speaking rate of the voice to come, for length budgets.
    """

    source_language: str
    target_language: str
    lines: Sequence[TranslationLine]
    glossary: Mapping[str, str] = field(default_factory=dict)
    characters_per_second: float = 15.0


@dataclass(frozen=True, slots=True)
class Variants:
    """The translations offered for one line, best first; at least one, none empty."""

    id: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of a synthesizer. ``gender`` is "f", "m" or "" where it is not told."""

    name: str
    language: str
    gender: str = ""


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One line to speak. ``rate`` 1.0 is the voice's own pace, 1.1 a tenth faster."""

    text: str
    language: str
    voice: str
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Speech:
    """Spoken sound and its sample rate in Hz. Not trimmed, not levelled."""

    samples: Samples
    sample_rate_hz: int


class Engine(Protocol):
    """What all engines share."""

    @property
    def ref(self) -> EngineRef: ...

    @property
    def capabilities(self) -> Capabilities: ...


class Transcriber(Engine, Protocol):
    """Hears words and their times."""

    def transcribe(self, samples: Samples, *, language: str | None, tick: Tick) -> Transcript:
        """Recognise 16 kHz mono samples.

        Args:
            samples: Shape ``(n,)``, 16,000 a second.
            language: Primary subtag, or None to let the model find out.
            tick: Progress and cancel.

        Raises:
            LanguageUnsupported: The model does not know ``language``, or None was given to a
                model that cannot detect.
            EngineFailed: The engine broke.
        """
        ...


class Translator(Engine, Protocol):
    """Turns lines of one language into lines of another."""

    def translate(self, request: TranslationRequest, *, tick: Tick) -> tuple[Variants, ...]:
        """Translate all lines; the answer has the same ids in the same order.

        Raises:
            LanguageUnsupported: The pair is not among the capabilities.
            EngineFailed: An id is missing, doubled or empty in the answer, or the engine broke.
        """
        ...


class Synthesizer(Engine, Protocol):
    """Speaks."""

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Voices for a language, the preferred first; empty if it has none."""
        ...

    def speak(self, requests: Sequence[SpeechRequest], *, tick: Tick) -> tuple[Speech, ...]:
        """Speak several lines, answers in order.

        Raises:
            LanguageUnsupported: A request's language or voice is not there.
            EngineFailed: The engine broke, or gave no sound for a text.
        """
        ...


class SpeechDetector(Engine, Protocol):
    """Finds where somebody speaks."""

    def detect(self, samples: Samples, *, tick: Tick) -> tuple[SpeechSpan, ...]:
        """Find speech in 16 kHz mono samples; spans in order, none overlapping."""
        ...
