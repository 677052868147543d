"""From what is asked to the ordered steps: pure, and the only file that knows the order.

A step names where its inputs come from: another step's role, or what was given at the start
under the name ``given``. Slots belong to whoever runs the steps; a step only says what it needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dubbing_pipeline.engines.base import EngineRef, Resource
from dubbing_pipeline.engines.modes import EngineChoice
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.stages.call import Json

TimeoutClass = Literal["short", "media", "model"]
"""``short``: a minute. ``media``: grows with the film. ``model``: grows faster with the film."""

Source = tuple[str, str]
"""(step, role): the artifact a step made; step ``given`` is what the job began with."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of this job, ready to become a ``StageCall`` once its inputs have keys."""

    stage: str
    resource: Resource
    timeout: TimeoutClass
    inputs: Mapping[str, Source]
    params: Mapping[str, Json] = field(default_factory=dict)
    engines: Mapping[str, EngineRef] = field(default_factory=dict)


def plan(spec: DubSpec, engines: EngineChoice, *, edited: bool = False) -> tuple[Step, ...]:
    """Order the steps of a dub.

    Args:
        spec: What is asked.
        engines: Who does it.
        edited: Given are also a finished dub's ``settled`` timeline, its ``master`` gain, and a
            person's ``edits``: only what was changed is spoken, placed and mixed anew.
    """
    return (
        *_until_fit(spec, engines, edited=edited),
        _mix(edited=edited),
        _export(spec),
        _verify(engines, edited=edited),
    )


def plan_preview(spec: DubSpec, engines: EngineChoice, *, line: int) -> tuple[Step, ...]:
    """Order the steps that let one edited line be heard in its surroundings."""
    return (*_until_fit(spec, engines, edited=True), _preview(line))


def _until_fit(spec: DubSpec, engines: EngineChoice, *, edited: bool) -> tuple[Step, ...]:
    hearing = (
        _extract(spec),
        _transcribe(spec, engines),
        _diarize(),
        _translate(spec, engines),
    )
    if not edited:
        return (*hearing, _synthesize(spec, engines), _fit(engines, edited=False))
    return (*hearing, _revise(), _respeak(spec, engines), _fit(engines, edited=True))


def _extract(spec: DubSpec) -> Step:
    film: dict[str, Source] = {"film": ("given", "film")}
    return Step("extract", "cpu", "media", film, params={"language": spec.source_language})


def _transcribe(spec: DubSpec, engines: EngineChoice) -> Step:
    inputs: dict[str, Source] = {"speech": ("extract", "speech")}
    if spec.source_subtitles:
        inputs["subtitles"] = ("given", "source_subtitles")
    return Step(
        "transcribe",
        "cpu",
        "model",
        inputs,
        params={"language": spec.source_language},
        engines=_present(detector=engines.speech_detector, transcriber=engines.transcriber),
    )


def _diarize() -> Step:
    heard: dict[str, Source] = {
        "speech": ("extract", "speech"),
        "transcript": ("transcribe", "transcript"),
    }
    return Step("diarize", "cpu", "media", heard)


def _translate(spec: DubSpec, engines: EngineChoice) -> Step:
    inputs: dict[str, Source] = {
        "lines": ("diarize", "lines"),
        "speakers": ("diarize", "speakers"),
    }
    if spec.target_subtitles:
        inputs["subtitles"] = ("given", "target_subtitles")
    return Step(
        "translate",
        "net" if engines.translator and engines.translator.name == "openai" else "cpu",
        "model",
        inputs,
        params={"language": spec.target_language, "glossary": dict(spec.glossary)},
        engines=_present(translator=engines.translator),
    )


def _revise() -> Step:
    inputs: dict[str, Source] = {
        "timeline": ("given", "settled"),
        "edits": ("given", "edits"),
    }
    return Step("revise", "cpu", "short", inputs)


def _synthesize(spec: DubSpec, engines: EngineChoice) -> Step:
    inputs: dict[str, Source] = {
        "timeline": ("translate", "timeline"),
        "variants": ("translate", "variants"),
    }
    return _spoken(spec, engines, inputs)


def _respeak(spec: DubSpec, engines: EngineChoice) -> Step:
    """Speak a revised timeline: its words are settled or a person's, and no others are tried."""
    return _spoken(spec, engines, {"timeline": ("revise", "timeline")})


def _spoken(spec: DubSpec, engines: EngineChoice, script: Mapping[str, Source]) -> Step:
    return Step(
        "synthesize",
        "net" if engines.synthesizer.name == "openai" else "cpu",
        "model",
        {**script, "cast": ("translate", "cast")},
        params={"voices": dict(spec.voices)},
        engines={"synthesizer": engines.synthesizer},
    )


def _fit(engines: EngineChoice, *, edited: bool) -> Step:
    inputs: dict[str, Source] = {
        "timeline": ("synthesize", "timeline"),
        "takes": ("synthesize", "takes"),
    }
    if edited:
        inputs["settled"] = ("given", "settled")
    return Step("fit", "cpu", "media", inputs, engines={"synthesizer": engines.synthesizer})


def _mix(*, edited: bool) -> Step:
    return Step("mix", "cpu", "media", _heard(edited=edited))


def _preview(line: int) -> Step:
    inputs: dict[str, Source] = {**_heard(edited=True), "film": ("given", "film")}
    return Step("preview", "cpu", "short", inputs, params={"line": line})


def _heard(*, edited: bool) -> dict[str, Source]:
    """Name what a mix is made of; a later one keeps to the levels of the first."""
    inputs: dict[str, Source] = {
        "sound": ("extract", "sound"),
        "timeline": ("fit", "timeline"),
        "takes": ("fit", "takes"),
        "speech_spans": ("transcribe", "speech_spans"),
    }
    if edited:
        inputs |= {"settled": ("given", "settled"), "master": ("given", "master")}
    return inputs


def _export(spec: DubSpec) -> Step:
    inputs: dict[str, Source] = {
        "film": ("given", "film"),
        "dub": ("mix", "dub"),
        "timeline": ("fit", "timeline"),
    }
    return Step("export", "cpu", "media", inputs, params={"source": spec.source_language})


def _verify(engines: EngineChoice, *, edited: bool) -> Step:
    """Measure. A recogniser listens to the first dub only: no edit makes its words the source's."""
    inputs: dict[str, Source] = {
        "input": ("given", "film"),
        "film": ("export", "film"),
        "stem": ("mix", "stem"),
        "source_speech": ("extract", "speech"),
        "timeline": ("fit", "timeline"),
        "takes": ("fit", "takes"),
    }
    recogniser = None if edited else engines.transcriber
    heard = _present(detector=engines.speech_detector, transcriber=recogniser)
    return Step("verify", "cpu", "media", inputs, engines=heard)


def _present(**engines: EngineRef | None) -> dict[str, EngineRef]:
    return {task: ref for task, ref in engines.items() if ref is not None}
