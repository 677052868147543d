"""Opens engines by name: one line an adapter, each imported when it is first asked for."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from dubbing_pipeline.engines.base import (
    Engine,
    EngineRef,
    SpeechDetector,
    Synthesizer,
    Task,
    Transcriber,
    Translator,
)
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.weights import WHISPER_MODELS
from dubbing_pipeline.errors import EngineMissing, NotFoundError, RefusedError


@dataclass(frozen=True, slots=True)
class Adapter:
    """One engine for one task.

    ``opener`` is ``module:function`` in this package; the function takes the settings and a
    model's name, loads nothing heavy, and raises ``EngineMissing`` with the command that helps.
    ``models`` lists what an inventory asks for; engines with another notion of a model list "".
    """

    name: str
    task: Task
    opener: str
    models: tuple[str, ...] = ("",)
    needs_network: bool = False


ADAPTERS = (
    Adapter("silero", "detect_speech", "silero:open_silero"),
    Adapter("whisper", "transcribe", "whisper:open_whisper", WHISPER_MODELS),
    Adapter("apertium", "translate", "apertium:open_apertium"),
    Adapter("espeak", "synthesize", "espeak:open_espeak"),
    Adapter("piper", "synthesize", "piper:open_piper"),
    Adapter("openai", "transcribe", "openai.transcriber:open_transcriber", needs_network=True),
    Adapter("openai", "translate", "openai.translator:open_translator", needs_network=True),
    Adapter("openai", "synthesize", "openai.synthesizer:open_synthesizer", needs_network=True),
    Adapter("command", "transcribe", "command:open_command", ()),
    Adapter("command", "translate", "command:open_command", ()),
    Adapter("command", "synthesize", "command:open_command", ()),
    Adapter("fake", "detect_speech", "fake:open_fake_detector"),
    Adapter("fake", "transcribe", "fake:open_fake_transcriber"),
    Adapter("fake", "translate", "fake:open_fake_translator"),
    Adapter("fake", "synthesize", "fake:open_fake_synthesizer"),
)


class Registry:
    """Engines of this installation. A model is loaded at most once, by its first use."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self._opened: dict[tuple[Task, str, str], Engine] = {}

    def transcriber(self, ref: EngineRef) -> Transcriber:
        return cast("Transcriber", self._exactly("transcribe", ref))

    def translator(self, ref: EngineRef) -> Translator:
        return cast("Translator", self._exactly("translate", ref))

    def synthesizer(self, ref: EngineRef) -> Synthesizer:
        return cast("Synthesizer", self._exactly("synthesize", ref))

    def speech_detector(self, ref: EngineRef) -> SpeechDetector:
        return cast("SpeechDetector", self._exactly("detect_speech", ref))

    def open(self, task: Task, name: str, model: str = "") -> Engine:
        """Open an engine as it is here; nothing heavy is loaded yet.

        Raises:
            NotFoundError: No adapter has that name for that task.
            RefusedError: It needs the network, and the installation is set to offline.
            EngineMissing: Its program, package or model is not here.
        """
        key = (task, name, model)
        if key not in self._opened:
            adapter = _adapter(task, name)
            if adapter.needs_network and self.settings.offline:
                raise RefusedError("engines.offline", engine=name)
            module, _, function = adapter.opener.partition(":")
            opener: Any = getattr(import_module(f"{__package__}.{module}"), function)
            self._opened[key] = opener(self.settings, model)
        return self._opened[key]

    def _exactly(self, task: Task, ref: EngineRef) -> Engine:
        """Open what a reference names; another version or other weights are another engine."""
        engine = self.open(task, ref.name, ref.model)
        if engine.ref != ref:
            raise EngineMissing(
                "engines.other_than_asked",
                engine=ref.name,
                model=ref.model,
                asked=f"{ref.version} {ref.model_sha256[:12]}".rstrip(),
                found=f"{engine.ref.version} {engine.ref.model_sha256[:12]}".rstrip(),
                fix="dub engines list",
            )
        return engine


def _adapter(task: Task, name: str) -> Adapter:
    for adapter in ADAPTERS:
        if (adapter.task, adapter.name) == (task, name):
            return adapter
    known = " ".join(adapter.name for adapter in ADAPTERS if adapter.task == task)
    raise NotFoundError("engines.no_such_engine", engine=name, task=task, known=known)
