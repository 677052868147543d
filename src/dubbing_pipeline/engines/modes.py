"""Modes: which engines ``low``, ``medium`` and ``high`` stand for, in one table.

A mode takes, for each task, the first engine of its row that is here and knows the languages.
If none is, the mode is refused with the command that brings one; it is never lowered silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dubbing_pipeline.engines.base import Engine, EngineRef, Task
from dubbing_pipeline.engines.command import preferred
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import MULTILINGUAL_FIX
from dubbing_pipeline.errors import DubbingError, EngineMissing, LanguageUnsupported, RefusedError
from dubbing_pipeline.model.spec import MODES, Mode


@dataclass(frozen=True, slots=True)
class Candidate:
    """An engine and its model; ``{source}`` and ``{target}`` stand for the languages asked."""

    name: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engines for one dub. None where the task is done by given subtitles."""

    mode: Mode
    speech_detector: EngineRef
    transcriber: EngineRef | None
    translator: EngineRef | None
    synthesizer: EngineRef

    def refs(self) -> dict[str, EngineRef]:
        """Give the chosen engines by task."""
        named = {
            "detect_speech": self.speech_detector,
            "transcribe": self.transcriber,
            "translate": self.translator,
            "synthesize": self.synthesizer,
        }
        return {task: ref for task, ref in named.items() if ref is not None}


_PAIR = "{source}-{target}"

TABLE: Mapping[Mode, Mapping[Task, tuple[Candidate, ...]]] = {
    "low": {
        "detect_speech": (Candidate("silero"),),
        "transcribe": (
            Candidate("whisper", "tiny.en"),
            Candidate("whisper", "base"),
            Candidate("whisper", "small"),
            Candidate("whisper", "tiny"),
        ),
        "translate": (Candidate("apertium", _PAIR),),
        "synthesize": (Candidate("espeak"),),
    },
    "medium": {
        "detect_speech": (Candidate("silero"),),
        "transcribe": (
            Candidate("whisper", "small"),
            Candidate("whisper", "medium"),
            Candidate("openai"),
        ),
        "translate": (Candidate("openai"), Candidate("apertium", _PAIR)),
        "synthesize": (Candidate("piper", "{target}"), Candidate("openai")),
    },
    "high": {
        "detect_speech": (Candidate("silero"),),
        "transcribe": (Candidate("whisper", "large-v3"), Candidate("openai")),
        "translate": (Candidate("openai"),),
        "synthesize": (Candidate("openai"), Candidate("piper", "{target}-high")),
    },
}


@dataclass(frozen=True, slots=True)
class Need:
    """What a dub needs engines for. ``source`` None: the recogniser shall find out."""

    target: str
    source: str | None = None
    transcriber: bool = True
    translator: bool = True


def resolve(registry: Registry, mode: Mode, need: Need) -> EngineChoice:
    """Choose the engines of a mode for a dub.

    Raises:
        EngineMissing: No engine of a row is here; ``fix`` brings the first one.
        LanguageUnsupported: One is here, but does not know the language or pair.
        RefusedError: A lower mode would do exactly the same, so this one is not available; or
            the mode needs the network and the installation is offline.
    """
    choice = _choose(registry, mode, need)
    for lower in MODES[: MODES.index(mode)]:
        if _same(registry, lower, need, choice):
            raise RefusedError("engines.mode_same", mode=mode, lower=lower)
    return choice


def _same(registry: Registry, lower: Mode, need: Need, choice: EngineChoice) -> bool:
    try:
        other = _choose(registry, lower, need)
    except DubbingError:
        return False
    return _work_of(other) == _work_of(choice)


def _work_of(choice: EngineChoice) -> dict[str, tuple[str, ...]]:
    """Tell choices apart by what does the work: equal weights under two names are the same."""
    return {
        task: (ref.name, ref.version, ref.model_sha256 or ref.model)
        for task, ref in choice.refs().items()
    }


def _choose(registry: Registry, mode: Mode, need: Need) -> EngineChoice:
    return EngineChoice(
        mode=mode,
        speech_detector=_pick(registry, mode, "detect_speech", need),
        transcriber=_pick(registry, mode, "transcribe", need) if need.transcriber else None,
        translator=_pick(registry, mode, "translate", need) if need.translator else None,
        synthesizer=_pick(registry, mode, "synthesize", need),
    )


def _pick(registry: Registry, mode: Mode, task: Task, need: Need) -> EngineRef:
    refusals: list[DubbingError] = []
    own = preferred(registry.settings, mode, task)
    for candidate in (*(Candidate("command", name) for name in own), *TABLE[mode][task]):
        try:
            engine = registry.open(task, candidate.name, _model(candidate, need))
            _check_languages(engine, need)
        except (EngineMissing, LanguageUnsupported, RefusedError) as refusal:
            refusals.append(refusal)
        else:
            return engine.ref
    raise min(refusals, key=_urgency)


def _urgency(refusal: DubbingError) -> int:
    """Rank reasons: an engine that is here but lacks the language says the most."""
    kinds: tuple[type[DubbingError], ...] = (LanguageUnsupported, EngineMissing, RefusedError)
    return next(rank for rank, kind in enumerate(kinds) if isinstance(refusal, kind))


def _model(candidate: Candidate, need: Need) -> str:
    if "{source}" in candidate.model and need.source is None:
        return ""
    return candidate.model.format(source=need.source, target=need.target)


def _check_languages(engine: Engine, need: Need) -> None:
    """Check an opened engine against the languages asked.

    Raises:
        LanguageUnsupported: It does not know them.
    """
    can = engine.capabilities
    if can.task == "translate":
        _check_pair(engine, need)
    elif can.task == "synthesize" and need.target not in can.languages:
        raise _unknown(engine, need.target, "dub engines list")
    elif can.task == "transcribe" and need.source is not None and need.source not in can.languages:
        raise _unknown(engine, need.source, MULTILINGUAL_FIX)
    elif can.task == "transcribe" and need.source is None and not can.detects_language:
        raise LanguageUnsupported(
            "engines.language_needed",
            model=engine.ref.model,
            language=" ".join(sorted(can.languages)),
            fix=MULTILINGUAL_FIX,
        )


def _check_pair(engine: Engine, need: Need) -> None:
    pairs = engine.capabilities.pairs
    if need.source is None and need.target in {target for _, target in pairs}:
        return
    if (need.source, need.target) not in pairs:
        raise LanguageUnsupported(
            "engines.pair_missing",
            engine=engine.ref.name,
            source=need.source,
            target=need.target,
            fix="dub engines list",
        )


def _unknown(engine: Engine, language: str, fix: str) -> LanguageUnsupported:
    return LanguageUnsupported(
        "engines.language_unknown_to_model",
        model=engine.ref.model or engine.ref.name,
        language=language,
        known=" ".join(sorted(engine.capabilities.languages)),
        fix=fix,
    )
