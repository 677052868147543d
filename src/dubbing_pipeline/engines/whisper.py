"""Recognition with faster-whisper (MIT): Whisper models on CTranslate2, no torch.

Only decoded samples go in, so no media parser of the library ever sees a user's bytes. Settings
are fixed for equal answers to equal sound: int8, beam search, temperature 0 (sampling cannot be
seeded by the call), no text carried from one window into the next.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Samples,
    Segment,
    Tick,
    Transcript,
)
from dubbing_pipeline.engines.catalogue import pinned_models
from dubbing_pipeline.engines.hallucination import sift
from dubbing_pipeline.engines.install import fetcher, may_fetch
from dubbing_pipeline.engines.settings import MULTILINGUAL_FIX, PACKAGES_FIX, EngineSettings
from dubbing_pipeline.engines.weights import Weights, find_whisper
from dubbing_pipeline.errors import EngineFailed, EngineMissing, LanguageUnsupported
from dubbing_pipeline.model.speech import Word

REVISION = 1
SAMPLE_RATE_HZ = 16_000
BEAM = 5

_CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw "
    "he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt "
    "my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl "
    "tr tt uk ur uz vi yi yo yue zh"
)
LANGUAGES = frozenset(_CODES.split())
"""Languages of the multilingual Whisper models, as their tokenizer lists them."""


class WhisperTranscriber:
    """One Whisper model. It is loaded at the first call, and fetched before that if need be."""

    def __init__(
        self, weights: Weights, *, threads: int, fetch: Callable[[Tick], object] | None = None
    ) -> None:
        self._weights = weights
        self._threads = threads
        self._fetch = fetch
        self._knows = frozenset({"en"}) if weights.model.endswith(".en") else LANGUAGES

    @property
    def ref(self) -> EngineRef:
        return EngineRef(
            "whisper",
            f"{version('faster-whisper')}-{REVISION}",
            model=self._weights.model,
            model_sha256=self._weights.sha256,
        )

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task="transcribe",
            resource="cpu",
            needs_network=False,
            code_license="MIT",
            model_license="MIT",
            languages=self._knows,
            detects_language=len(self._knows) > 1,
        )

    def transcribe(self, samples: Samples, *, language: str | None, tick: Tick) -> Transcript:
        """Recognise 16 kHz mono samples; see ``Transcriber``."""
        self._check(language)
        tick(0.0)
        if self._fetch is not None and not self._weights.folder.exists():
            self._fetch(lambda _done: tick(0.0))
        try:
            found, info = self._model.transcribe(
                samples,
                language=language,
                beam_size=BEAM,
                temperature=0.0,
                condition_on_previous_text=False,
                word_timestamps=True,
                vad_filter=True,
            )
            duration_s = max(samples.size / SAMPLE_RATE_HZ, 0.001)
            heard = tuple(_segments(found, duration_s, tick))
        except (RuntimeError, ValueError) as error:
            detail = str(error)
            raise EngineFailed("engines.failed", engine="whisper", detail=detail) from error
        kept, rejected = sift(heard)
        return Transcript(info.language, kept, float(info.language_probability), rejected)

    def _check(self, language: str | None) -> None:
        model = self._weights.model
        if language is None and len(self._knows) == 1:
            only = next(iter(self._knows))
            raise LanguageUnsupported(
                "engines.language_needed", model=model, language=only, fix=MULTILINGUAL_FIX
            )
        if language is not None and language not in self._knows:
            raise LanguageUnsupported(
                "engines.language_unknown_to_model",
                model=model,
                language=language,
                known=" ".join(sorted(self._knows)),
                fix=MULTILINGUAL_FIX if len(self._knows) == 1 else "dub engines list",
            )

    @cached_property
    def _model(self) -> Any:
        from faster_whisper import WhisperModel  # noqa: PLC0415  (loads CTranslate2)

        try:
            return WhisperModel(
                str(self._weights.folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=self._threads,
                num_workers=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineFailed(
                "engines.model_unreadable", model=self._weights.model, detail=str(error)
            ) from error


def _weights_fix(name: str) -> str:
    if name in pinned_models():
        return f"dub engines install {name}"
    if name == "whisper-tiny.en":
        return PACKAGES_FIX
    return f"dub engines install {name} --from-file FOLDER_OR_ARCHIVE"


def open_whisper(settings: EngineSettings, model: str) -> WhisperTranscriber:
    """Open a model that is on this machine.

    Raises:
        EngineMissing: faster-whisper or the weights are not here; names the ways to bring them.
    """
    if find_spec("faster_whisper") is None:
        raise EngineMissing("engines.package_missing", engine="whisper", fix=PACKAGES_FIX)
    weights = find_whisper(settings, model)
    if weights is not None:
        return WhisperTranscriber(weights, threads=settings.threads)
    name = f"whisper-{model}"
    folder = settings.models_dir / name
    if not may_fetch(settings, name):
        raise EngineMissing(
            "engines.weights_missing",
            engine="whisper",
            model=model,
            folder=str(folder),
            fix=_weights_fix(name),
        )
    return WhisperTranscriber(
        Weights(model, folder, pinned_models()[name].weights.sha256),
        threads=settings.threads,
        fetch=fetcher(settings, name),
    )


def _segments(found: Iterable[Any], duration_s: float, tick: Tick) -> Iterator[Segment]:
    for segment in found:
        tick(min(float(segment.end) / duration_s, 1.0))
        words = tuple(_word(word) for word in segment.words or ())
        yield Segment(
            start_ms=words[0].start_ms if words else _ms(segment.start),
            end_ms=words[-1].end_ms if words else _ms(segment.end),
            text=segment.text.strip(),
            words=words,
            average_log_probability=float(segment.avg_logprob),
            no_speech_probability=float(segment.no_speech_prob),
        )


def _word(word: Any) -> Word:
    return Word(_ms(word.start), _ms(word.end), word.word.strip(), float(word.probability))


def _ms(seconds: float) -> int:
    return round(float(seconds) * 1000)
