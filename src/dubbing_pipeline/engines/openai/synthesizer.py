"""Speech from a service: ``/audio/speech``."""

from collections.abc import Callable, Sequence

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Speech,
    SpeechRequest,
    Tick,
    Voice,
)
from dubbing_pipeline.engines.openai.wire import Request, Wire, at, open_wire
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.wav import read_wav
from dubbing_pipeline.engines.whisper import LANGUAGES
from dubbing_pipeline.errors import EngineFailed, LanguageUnsupported

REVISION = "1"
SHORTEST_WAIT_S = 60.0
WAIT_S_A_CHARACTER = 0.5

_VOICES = (
    ("alloy", ""),
    ("nova", "f"),
    ("onyx", "m"),
    ("shimmer", "f"),
    ("echo", "m"),
    ("coral", "f"),
    ("ash", "m"),
    ("sage", "f"),
    ("ballad", "m"),
    ("fable", ""),
)
"""Voice names of the original service; those that imitate it take them too."""


class OpenAiSynthesizer:
    """One request a line. The service finds out the language from the text."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def ref(self) -> EngineRef:
        return EngineRef("openai", REVISION, self._wire.model)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            task="synthesize",
            resource="net",
            needs_network=True,
            code_license="",
            model_license="set by the service",
            cost="metered",
            languages=LANGUAGES,
            native_rate=(0.7, 1.5),
            deterministic=False,
        )

    def voices(self, language: str) -> tuple[Voice, ...]:
        """Name the usual voices; see ``Synthesizer``. ``speak`` takes any other name as well."""
        if language not in LANGUAGES:
            return ()
        return tuple(Voice(name, language, gender) for name, gender in _VOICES)

    def speak(self, requests: Sequence[SpeechRequest], *, tick: Tick) -> tuple[Speech, ...]:
        """Speak line by line; see ``Synthesizer``."""
        return tuple(
            self._spoken(request, at(index / len(requests), tick))
            for index, request in enumerate(requests)
        )

    def _spoken(self, request: SpeechRequest, tick: Callable[[], None]) -> Speech:
        if request.language not in LANGUAGES:
            raise LanguageUnsupported(
                "engines.voice_unknown",
                engine="openai",
                voice=request.voice,
                language=request.language,
            )
        if not any(map(str.isalnum, request.text)):
            raise EngineFailed("engines.nothing_to_say", engine="openai", text=request.text)
        body = {
            "model": self._wire.model,
            "input": request.text,
            "voice": request.voice,
            "response_format": "wav",
            "speed": round(request.rate, 3),
        }
        read_s = SHORTEST_WAIT_S + WAIT_S_A_CHARACTER * len(request.text)
        sound = self._wire.post(Request("/audio/speech", read_s=read_s, json=body), tick=tick)
        return read_wav(sound, engine="openai")


def open_synthesizer(settings: EngineSettings, model: str) -> OpenAiSynthesizer:
    """Open the configured service.

    Raises:
        EngineMissing: None is configured, or with another model.
    """
    return OpenAiSynthesizer(open_wire(settings.tts, model, setting="TTS"))
