"""Speech from espeak-ng (GPL-3, called as a program): every language, robotic, no model file."""

import re
from collections.abc import Sequence
from functools import cached_property
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
from dubbing_pipeline.engines.languages import primary_subtag
from dubbing_pipeline.engines.program import find_program, output_of
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.wav import read_wav
from dubbing_pipeline.errors import EngineFailed, EngineMissing, LanguageUnsupported

REVISION = 1
FIX = "sudo apt-get install espeak-ng"
_WALL_S = 60.0

_PREFERRED = {"en": "en-us", "pt": "pt-br", "fr": "fr-fr", "zh": "cmn"}
_VARIANTS = (
    ("", "m"),
    ("+f2", "f"),
    ("+m3", "m"),
    ("+f4", "f"),
    ("+m7", "m"),
    ("+f3", "f"),
    ("+m1", "m"),
    ("+f5", "f"),
    ("+m2", "m"),
    ("+f1", "f"),
    ("+m4", "m"),
    ("+m6", "m"),
)
"""Speakers made from one voice, told apart by pitch and formants; the clearest come first."""

_SPEEDS = (80, 100, 120, 140, 160, 175, 190, 200, 220, 240, 260, 300, 350)
_RATES = (0.486, 0.579, 0.693, 0.806, 0.914, 1.0, 1.079, 1.139, 1.24, 1.334, 1.44, 1.621, 1.821)
"""Pace over own pace for ``-s`` of ``_SPEEDS``: mean over en-us, de, fr and es, version 1.51.
It is not linear: above 175 the program shortens vowels more than pauses."""


class EspeakSynthesizer:
    """One process a line; equal requests give equal samples."""

    def __init__(self, program: Path) -> None:
        self._program = str(program)

    @property
    def ref(self) -> EngineRef:
        return EngineRef("espeak", f"{self._version}-{REVISION}")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task="synthesize",
            resource="cpu",
            needs_network=False,
            code_license="GPL-3.0-or-later",
            model_license="GPL-3.0-or-later",
            languages=frozenset(self._bases),
            native_rate=(0.6, 1.5),
        )

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Speakers for a language; see ``Synthesizer``."""
        base = self._bases.get(language)
        if base is None:
            return ()
        return tuple(Voice(base + suffix, language, gender) for suffix, gender in _VARIANTS)

    def speak(self, requests: Sequence[SpeechRequest], *, tick: Tick) -> tuple[Speech, ...]:
        """Speak line by line; see ``Synthesizer``."""
        spoken = []
        for index, request in enumerate(requests):
            tick(index / len(requests))
            spoken.append(self._spoken(request))
        return tuple(spoken)

    def _spoken(self, request: SpeechRequest) -> Speech:
        if request.voice not in {voice.name for voice in self.voices(request.language)}:
            raise LanguageUnsupported(
                "engines.voice_unknown",
                engine="espeak",
                voice=request.voice,
                language=request.language,
            )
        pace = str(speed(request.rate))
        wav = output_of(
            [self._program, "-v", request.voice, "-s", pace, "-b", "1", "--stdin", "--stdout"],
            stdin=plain(request.text).encode(),
            wall_s=_WALL_S,
        )
        speech = read_wav(wav, engine="espeak")
        if not np.any(speech.samples):
            raise EngineFailed("engines.nothing_to_say", engine="espeak", text=request.text)
        return speech

    @cached_property
    def _version(self) -> str:
        said = output_of([self._program, "--version"], wall_s=_WALL_S).decode()
        found = re.search(r"\d+(?:\.\d+)+", said)
        return found.group() if found else "unknown"

    @cached_property
    def _bases(self) -> dict[str, str]:
        return base_voices(output_of([self._program, "--voices"], wall_s=_WALL_S).decode())


def open_espeak(_settings: EngineSettings, _model: str) -> EspeakSynthesizer:
    """Open the program.

    Raises:
        EngineMissing: It is not installed.
    """
    program = find_program("espeak-ng")
    if program is None:
        raise EngineMissing("engines.program_missing", engine="espeak", fix=FIX)
    return EspeakSynthesizer(program)


def base_voices(listing: str) -> dict[str, str]:
    """Pick one voice a language from what ``espeak-ng --voices`` prints.

    Voices in ``mb/`` need another program; ``!v/`` are variants, no languages.
    """
    found: dict[str, str] = {}
    for row in listing.splitlines()[1:]:
        _, tag, _, _, file, *_ = row.split()
        if not file.startswith(("mb/", "!v/")):
            language = primary_subtag(tag)
            rivals = (tag, found.get(language, tag))
            found[language] = min(rivals, key=lambda name: _rank(name, language))
    return found


def _rank(tag: str, language: str) -> tuple[bool, bool]:
    return (tag != _PREFERRED.get(language), tag != language)


def speed(rate: float) -> int:
    """Give the ``-s`` value (words a minute by the program's count) for a rate."""
    return round(float(np.interp(rate, _RATES, _SPEEDS)))


def plain(text: str) -> str:
    """Take away what the program would read as phonemes or as an end: ``[[``, NUL, line ends."""
    return " ".join(text.replace("\0", " ").replace("[[", "[ [").split())
