"""The recording booth: has words spoken by an engine, and keeps every take by its content.

A take's key holds text, voice, rate and engine, and nothing of the film: a line that changes is
the only one that is spoken again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dubbing_pipeline.engines.base import EngineRef, SpeechRequest, Tick
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import digest
from dubbing_pipeline.stages.take import trim
from dubbing_pipeline.stages.takes import put_speech, take_frames

VERSION = 1
"""Grows when takes would be cut or stored otherwise."""

_BATCH = 24
"""Lines spoken before they are stored: a kill loses seconds, and a model is seldom loaded anew."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words to be spoken for a line. ``rate`` 1.0 is the voice's own pace."""

    line: int
    text: str
    voice: str
    rate: float = 1.0


class Booth:
    """One engine, one language, one store."""

    def __init__(self, engine: EngineRef, language: str, context: StageContext) -> None:
        self._engine = engine
        self._language = language
        self._context = context

    def key(self, wanted: Wanted) -> str:
        return digest(
            {
                "take": VERSION,
                "engine": asdict(self._engine),
                "language": self._language,
                "text": wanted.text,
                "voice": wanted.voice,
                "rate": wanted.rate,
            }
        )

    def record(self, wanted: Sequence[Wanted]) -> None:
        """Have spoken what is not in the store yet.

        Raises:
            EngineFailed: The engine gave no sound for a text.
        """
        store = self._context.artifacts
        missing = list({self.key(each): each for each in wanted}.items())
        missing = [(key, each) for key, each in missing if not store.has(key)]
        for begin in range(0, len(missing), _BATCH):
            batch = missing[begin : begin + _BATCH]

            def beat(done: float, begin: int = begin, size: int = len(batch)) -> None:
                self._context.tick((begin + done * size) / len(missing))

            beat(0.0)
            self._record(batch, beat)

    def _record(self, batch: Sequence[tuple[str, Wanted]], tick: Tick) -> None:
        engine = self._context.engines.synthesizer(self._engine)
        requests = [
            SpeechRequest(each.text, self._language, each.voice, each.rate) for _, each in batch
        ]
        spoken = engine.speak(requests, tick=tick)
        for (key, each), speech in zip(batch, spoken, strict=True):
            put_speech(self._context.artifacts, key, trim(speech, line=each.line))

    def natural_ms(self, wanted: Wanted) -> int:
        """Tell how long a recorded take is."""
        frames, rate_hz = take_frames(self._context.artifacts, self.key(wanted))
        return round(frames * 1000 / rate_hz)
