"""The seam between the runner and the stages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from dubbing_pipeline.engines.base import (
    EngineRef,
    SpeechDetector,
    Synthesizer,
    Transcriber,
    Translator,
)
from dubbing_pipeline.stages.artifacts import ArtifactStore
from dubbing_pipeline.stages.call import Keys, StageCall


class EngineSource(Protocol):
    """Opens engines by reference; loads a model at most once a process.

    Raises:
        EngineMissing: The engine or its model is not here; names the command that brings it.
    """

    def transcriber(self, ref: EngineRef) -> Transcriber: ...

    def translator(self, ref: EngineRef) -> Translator: ...

    def synthesizer(self, ref: EngineRef) -> Synthesizer: ...

    def speech_detector(self, ref: EngineRef) -> SpeechDetector: ...


@dataclass(frozen=True, slots=True)
class StageContext:
    """What a stage is handed beside its call: tools, never facts.

    ``tick`` takes progress 0 to 1 and raises ``Cancelled`` when the work shall stop.
    """

    artifacts: ArtifactStore
    engines: EngineSource
    tick: Callable[[float], None]


class Stage(Protocol):
    """One step of the dub.

    ``run`` returns artifact keys by role. Everything it returns is in the store when it
    returns. Parts of long work are stored as they are finished, so that a second run after a
    kill goes on where the first one ended.
    """

    name: ClassVar[str]
    version: ClassVar[int]

    def run(self, call: StageCall, context: StageContext) -> Keys: ...


Stages = Mapping[str, Stage]
