"""Speech from Piper (GPL-3, called as a program of its own environment): neural, on the CPU.

The noise that makes Piper's readings differ is set to zero, so that equal requests give equal
samples. Requests with one voice and one pace share a process, which loads the model once.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path

import numpy as np

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Speech,
    SpeechRequest,
    Tick,
    Voice,
)
from dubbing_pipeline.engines.catalogue import pinned_models
from dubbing_pipeline.engines.hashes import combined_sha256
from dubbing_pipeline.engines.install import fetcher, may_fetch
from dubbing_pipeline.engines.piper_voices import PiperVoice, find_voices, pinned_voice
from dubbing_pipeline.engines.program import find_program, output_of
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.wav import read_wav
from dubbing_pipeline.errors import EngineFailed, EngineMissing, LanguageUnsupported

REVISION = 1
FIX = "./scripts/setup"
HIGH = "-high"
"""Ends the model name that asks for high-quality voices only: ``en-high``."""
_WALL_S = 120.0
_WALL_S_A_CHARACTER = 0.2
_RATE_STEP = 0.02
"""Paces are rounded to this, so that lines of nearly one pace share a process."""

_SCALES = (1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1.05, 1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.55)
_RATES = (
    *(0.694, 0.739, 0.79, 0.854, 0.923, 0.974, 0.986, 1.0),
    *(1.014, 1.041, 1.088, 1.152, 1.242, 1.331, 1.535, 1.606),
)
"""Pace over own pace for ``--length-scale`` of ``_SCALES``, measured with en_US-joe-medium over
five sentences. Near 1 it hardly moves: without noise every sound's length is rounded up."""

_SPEAKER = "#"
"""Parts a voice's name from the number of one of its speakers: ``es_ES-sharvard-medium#1``."""


class PiperSynthesizer:
    """The Piper voices of one language, or all."""

    def __init__(
        self,
        program: Path,
        voices: Sequence[PiperVoice],
        *,
        model: str,
        fetch: Callable[[Tick], object] | None = None,
    ) -> None:
        self._program = str(program)
        self._fetch = fetch
        self._voices = {voice.name: voice for voice in voices}
        self._model = model

    @property
    def ref(self) -> EngineRef:
        hashes = {voice.name: voice.sha256 for voice in self._voices.values()}
        return EngineRef(
            "piper", f"{self._version}-{REVISION}", self._model, combined_sha256(hashes)
        )

    @property
    def capabilities(self) -> Capabilities:
        licenses = sorted({voice.license for voice in self._voices.values()})
        return Capabilities(
            task="synthesize",
            resource="cpu",
            needs_network=False,
            code_license="GPL-3.0-or-later",
            model_license=", ".join(licenses),
            languages=frozenset(voice.language for voice in self._voices.values()),
            native_rate=(0.75, 1.5),
        )

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Voices of a language, better ones first; see ``Synthesizer``."""
        return tuple(
            Voice(name, language, voice.gender)
            for voice in self._voices.values()
            if voice.language == language
            for name in _speakers(voice)
        )

    def speak(self, requests: Sequence[SpeechRequest], *, tick: Tick) -> tuple[Speech, ...]:
        """Speak several lines; see ``Synthesizer``."""
        for request in requests:
            self._check(request)
        if self._fetch is not None and not all(v.model.exists() for v in self._voices.values()):
            self._fetch(lambda _done: tick(0.0))
        numbered = sorted(enumerate(requests), key=lambda pair: (*_batch(pair[1]), pair[0]))
        spoken: dict[int, Speech] = {}
        for (voice, rate), group in groupby(numbered, key=lambda pair: _batch(pair[1])):
            batch = list(group)
            done = len(spoken) / len(requests)
            texts = [" ".join(request.text.split()) for _, request in batch]
            takes = self._process(voice, rate, texts, tick=partial(tick, done))
            spoken.update(zip((index for index, _ in batch), takes, strict=True))
        tick(1.0)
        return tuple(spoken[index] for index in range(len(requests)))

    def _process(
        self, name: str, rate: float, texts: list[str], *, tick: Callable[[], None]
    ) -> list[Speech]:
        model, _, speaker = name.partition(_SPEAKER)
        voice = self._voices[model]
        scale = voice.length_scale * length_scale(rate)
        wall_s = _WALL_S + _WALL_S_A_CHARACTER * sum(map(len, texts))
        with tempfile.TemporaryDirectory(prefix="piper-") as folder:
            output_of(
                [self._program, "-m", str(voice.model), "-d", folder]
                + ["--output-dir-naming", "timestamp", "--length-scale", f"{scale:.4f}"]
                + ["--noise-scale", "0", "--noise-w-scale", "0"]
                + (["-s", speaker] if speaker else []),
                stdin="\n".join([*texts, ""]).encode(),
                wall_s=wall_s,
                tick=tick,
            )
            files = sorted(Path(folder).glob("*.wav"), key=lambda file: int(file.stem))
            return _takes(files, texts)

    def _check(self, request: SpeechRequest) -> None:
        if request.voice not in {voice.name for voice in self.voices(request.language)}:
            raise LanguageUnsupported(
                "engines.voice_unknown",
                engine="piper",
                voice=request.voice,
                language=request.language,
            )
        if not any(map(str.isalnum, request.text)):
            raise EngineFailed("engines.nothing_to_say", engine="piper", text=request.text)

    @cached_property
    def _version(self) -> str:
        return installed_version(Path(self._program))


def _takes(files: Sequence[Path], texts: Sequence[str]) -> list[Speech]:
    if len(files) != len(texts):
        raise EngineFailed(
            "engines.takes_missing", engine="piper", expected=len(texts), found=len(files)
        )
    return [read_wav(file.read_bytes(), engine="piper") for file in files]


def _speakers(voice: PiperVoice) -> Iterable[str]:
    if voice.speakers == 1:
        return (voice.name,)
    return tuple(f"{voice.name}{_SPEAKER}{number}" for number in range(voice.speakers))


def _batch(request: SpeechRequest) -> tuple[str, float]:
    return request.voice, round(round(request.rate / _RATE_STEP) * _RATE_STEP, 2)


def length_scale(rate: float) -> float:
    """Give the ``--length-scale`` for a pace."""
    return float(np.interp(rate, _RATES, _SCALES))


def installed_version(program: Path) -> str:
    """Read the version from the package's folder name beside the program, which cannot say it."""
    for folder in program.parent.parent.glob("lib/python3*/site-packages/piper_tts-*.dist-info"):
        found = re.search(r"-(\d[^-]*)\.dist-info", folder.name)
        if found:
            return found[1]
    return "unknown"


def _voice_fix(model: str, settings: EngineSettings) -> str:
    if f"piper-{model}" in pinned_models():
        return f"dub engines install piper-{model}"
    return f"cp NAME.onnx NAME.onnx.json {settings.models_dir / 'piper'}/"


def open_piper(settings: EngineSettings, model: str) -> PiperSynthesizer:
    """Open Piper with the voices of a language: ``en``, ``en-high``, or "" for all.

    Raises:
        EngineMissing: The program is not here, or no voice for the language.
    """
    program = find_program("piper", cache_dir=settings.cache_dir)
    if program is None:
        raise EngineMissing("engines.program_missing", engine="piper", fix=FIX)
    language = model.removesuffix(HIGH)
    voices = [
        voice
        for voice in find_voices(settings)
        if language in ("", voice.language)
        and (not model.endswith(HIGH) or voice.quality == "high")
    ]
    if voices:
        return PiperSynthesizer(program, voices, model=model)
    name = f"piper-{model}"
    if not may_fetch(settings, name):
        raise EngineMissing(
            "engines.voice_missing",
            engine="piper",
            language=language,
            folder=str(settings.models_dir / "piper"),
            fix=_voice_fix(model or "en", settings),
        )
    voice = pinned_voice(settings, pinned_models()[name])
    return PiperSynthesizer(program, [voice], model=model, fetch=fetcher(settings, name))
