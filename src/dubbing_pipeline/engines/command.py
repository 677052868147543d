"""Any program as an engine, described by a file: ``models_dir/commands/NAME.toml``.

::

    task = "synthesize"             # or "transcribe", "translate"
    command = ["my-voice", "--lang", "{language}", "--voice", "{voice}", "--rate", "{rate}"]
    version = "1"                   # raise it when the program gives other results
    modes = ["medium"]              # the modes that shall prefer this engine; may be left out
    languages = ["en", "de"]        # transcribe, synthesize
    pairs = [["en", "de"]]          # translate
    voices = [{ name = "anna", language = "de", gender = "f" }]   # synthesize
    detects_language = false        # transcribe
    network = false                 # true lets it reach the network
    wall_s = 60.0                   # time for any call
    wall_s_a_second = 2.0           # and more for each second of sound, or line, or 15 characters
    code_license = "MIT"
    model_license = "CC0-1.0"

What goes in on standard input, and comes out on standard output:

- transcribe: WAV in, 16 kHz mono; JSON out, as in ``timed_text``. ``{language}`` may be "".
- translate: JSON in: ``source``, ``target``, ``glossary``, ``lines`` with ``id``, ``text``,
  ``speaker``, ``characters``; JSON out: ``lines`` with ``id`` and ``texts``, the best first.
- synthesize: the text in, UTF-8; WAV out; one process a line.

No shell is involved: a placeholder is replaced inside its own argument.
"""

import json
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Samples,
    Speech,
    SpeechRequest,
    Task,
    Tick,
    Transcript,
    TranslationRequest,
    Variants,
    Voice,
)
from dubbing_pipeline.engines.faults import first_fault
from dubbing_pipeline.engines.hallucination import sift
from dubbing_pipeline.engines.hashes import file_sha256
from dubbing_pipeline.engines.program import output_of
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.timed_text import TimedText, language_code, segments
from dubbing_pipeline.engines.wav import read_wav, write_wav
from dubbing_pipeline.errors import (
    EngineFailed,
    EngineMissing,
    LanguageUnsupported,
    RefusedError,
)
from dubbing_pipeline.model.spec import Mode

REVISION = "1"
FOLDER = "commands"
SAMPLE_RATE_HZ = 16_000
_CHARACTERS_A_SECOND = 15.0


class _Voice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    language: str
    gender: Literal["f", "m", ""] = ""


class Description(BaseModel):
    """The file's content."""

    model_config = ConfigDict(extra="forbid")

    task: Literal["transcribe", "translate", "synthesize"]
    command: list[str] = Field(min_length=1)
    version: str = "1"
    modes: list[Mode] = Field(default_factory=list)
    languages: list[str] = Field(default_factory=list)
    pairs: list[tuple[str, str]] = Field(default_factory=list)
    voices: list[_Voice] = Field(default_factory=list)
    detects_language: bool = False
    network: bool = False
    wall_s: float = 60.0
    wall_s_a_second: float = 2.0
    code_license: str = ""
    model_license: str = ""


class _Line(BaseModel):
    id: int
    texts: list[str] = Field(min_length=1)


class _Lines(BaseModel):
    lines: list[_Line]


_Parsed = TypeVar("_Parsed", bound=BaseModel)


class CommandEngine:
    """A described program. It offers all three tasks; the registry asks for the one it has."""

    def __init__(self, name: str, description: Description, *, sha256: str) -> None:
        self._name = name
        self._is = description
        self._sha256 = sha256

    @property
    def ref(self) -> EngineRef:
        return EngineRef("command", f"{self._is.version}-{REVISION}", self._name, self._sha256)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task=self._is.task,
            resource="net" if self._is.network else "cpu",
            needs_network=self._is.network,
            code_license=self._is.code_license,
            model_license=self._is.model_license,
            languages=frozenset(self._is.languages),
            pairs=frozenset(self._is.pairs),
            detects_language=self._is.detects_language,
            native_rate=(0.75, 1.5) if self._takes("{rate}") else (1.0, 1.0),
            deterministic=False,
        )

    def transcribe(self, samples: Samples, *, language: str | None, tick: Tick) -> Transcript:
        """Recognise 16 kHz mono samples; see ``Transcriber``."""
        if language is None and not self._is.detects_language:
            raise self._unknown("")
        if language is not None and language not in self._is.languages:
            raise self._unknown(language)
        out = self._run(
            {"language": language or ""},
            stdin=write_wav(samples, SAMPLE_RATE_HZ),
            amount=samples.size / SAMPLE_RATE_HZ,
            tick=lambda: tick(0.5),
        )
        answer = self._parsed(TimedText, out)
        found = language or language_code(answer.language)
        if found is None:
            raise EngineFailed("engines.language_not_told", engine="command", model=self._name)
        kept, rejected = sift(tuple(segments(answer, offset_ms=0, engine="command")))
        return Transcript(found, kept, rejected=rejected)

    def translate(self, request: TranslationRequest, *, tick: Tick) -> tuple[Variants, ...]:
        """Translate all lines; see ``Translator``."""
        pair = (request.source_language, request.target_language)
        if pair not in self._is.pairs:
            raise LanguageUnsupported(
                "engines.pair_missing",
                engine="command",
                source=pair[0],
                target=pair[1],
                fix="dub engines list",
            )
        out = self._run(
            {"source": pair[0], "target": pair[1]},
            stdin=_asked(request),
            amount=len(request.lines),
            tick=lambda: tick(0.5),
        )
        return self._answered(self._parsed(_Lines, out), request)

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Voices of a language, in the file's order; see ``Synthesizer``."""
        named = tuple(
            Voice(voice.name, voice.language, voice.gender)
            for voice in self._is.voices
            if voice.language == language
        )
        if named or language not in self._is.languages:
            return named
        return (Voice("default", language),)

    def speak(self, requests: Sequence[SpeechRequest], *, tick: Tick) -> tuple[Speech, ...]:
        """Speak line by line; see ``Synthesizer``."""
        return tuple(
            self._spoken(request, partial(tick, index / len(requests)))
            for index, request in enumerate(requests)
        )

    def _spoken(self, request: SpeechRequest, tick: Callable[[], None]) -> Speech:
        if request.voice not in {voice.name for voice in self.voices(request.language)}:
            raise LanguageUnsupported(
                "engines.voice_unknown",
                engine="command",
                voice=request.voice,
                language=request.language,
            )
        out = self._run(
            {
                "language": request.language,
                "voice": request.voice,
                "rate": f"{request.rate:.3f}",
            },
            stdin=request.text.encode(),
            amount=len(request.text) / _CHARACTERS_A_SECOND,
            tick=tick,
        )
        return read_wav(out, engine="command")

    def _run(
        self,
        values: Mapping[str, str],
        *,
        stdin: bytes,
        amount: float,
        tick: Callable[[], None],
    ) -> bytes:
        return output_of(
            [_filled(part, values) for part in self._is.command],
            stdin=stdin,
            wall_s=self._is.wall_s + self._is.wall_s_a_second * amount,
            network=self._is.network,
            tick=tick,
        )

    def _parsed(self, kind: type[_Parsed], out: bytes) -> _Parsed:
        try:
            return kind.model_validate_json(out)
        except ValidationError as error:
            raise EngineFailed(
                "engines.answer_unreadable", engine=self._name, detail=first_fault(error)
            ) from error

    def _answered(self, answer: _Lines, request: TranslationRequest) -> tuple[Variants, ...]:
        found = {
            line.id: tuple(text for text in line.texts if text.strip()) for line in answer.lines
        }
        asked = [line.id for line in request.lines]
        if len(answer.lines) != len(asked) or set(found) != set(asked) or not all(found.values()):
            missing = [line_id for line_id in asked if not found.get(line_id)]
            raise EngineFailed(
                "engines.lines_unanswered",
                engine="command",
                model=self._name,
                count=len(missing),
                lines=" ".join(map(str, missing[:10])),
            )
        return tuple(Variants(line_id, found[line_id]) for line_id in asked)

    def _takes(self, placeholder: str) -> bool:
        return any(placeholder in part for part in self._is.command)

    def _unknown(self, language: str) -> LanguageUnsupported:
        return LanguageUnsupported(
            "engines.language_unknown_to_model",
            model=self._name,
            language=language,
            known=" ".join(sorted(self._is.languages)),
            fix="dub engines list",
        )


def _filled(part: str, values: Mapping[str, str]) -> str:
    """Put values into an argument; other braces are the program's own."""
    for name, value in values.items():
        part = part.replace(f"{{{name}}}", value)
    return part


def _asked(request: TranslationRequest) -> bytes:
    lines = [
        {
            "id": line.id,
            "text": line.text,
            "speaker": line.speaker,
            "characters": round(line.budget_ms / 1000 * request.characters_per_second),
        }
        for line in request.lines
    ]
    question = {
        "source": request.source_language,
        "target": request.target_language,
        "glossary": dict(request.glossary),
        "lines": lines,
    }
    return json.dumps(question, ensure_ascii=False).encode()


def described(settings: EngineSettings) -> dict[str, Description]:
    """Read all descriptions, by name.

    Raises:
        EngineFailed: A file is not as it must be.
    """
    files = sorted((settings.models_dir / FOLDER).glob("*.toml"))
    return {file.stem: _read(file) for file in files}


def preferred(settings: EngineSettings, mode: Mode, task: Task) -> tuple[str, ...]:
    """Name the commands that ask to be first in a mode."""
    return tuple(
        name
        for name, description in described(settings).items()
        if description.task == task and mode in description.modes
    )


def _read(file: Path) -> Description:
    try:
        return Description.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        detail = first_fault(error)
        raise EngineFailed("engines.command_bad", path=str(file), detail=detail) from error
    except (OSError, ValueError) as error:
        raise EngineFailed("engines.command_bad", path=str(file), detail=str(error)) from error


def open_command(settings: EngineSettings, model: str) -> CommandEngine:
    """Open a described program by the name of its file.

    Raises:
        EngineMissing: No file has that name, or its program is not there.
        EngineFailed: The file is not as it must be.
        RefusedError: It needs the network, and the installation is set to offline.
    """
    file = settings.models_dir / FOLDER / f"{model}.toml"
    if not file.is_file():
        raise EngineMissing("engines.command_missing", path=str(file), fix=f"create {file}")
    description = _read(file)
    if description.network and settings.offline:
        raise RefusedError("engines.offline", engine=f"command {model}")
    if shutil.which(description.command[0]) is None:
        raise EngineMissing(
            "engines.program_missing",
            engine=f"command {model}",
            fix=f"install {description.command[0]}",
        )
    return CommandEngine(model, description, sha256=file_sha256(file))
