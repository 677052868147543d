"""Hears a sample as the program does: extract, transcribe, diarize, with the offline engines."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from dubbing_pipeline.engines.base import EngineRef
from dubbing_pipeline.model.speech import Timeline
from dubbing_pipeline.stages import diarize, extract, transcribe
from dubbing_pipeline.stages.artifacts import read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Json, Keys, StageCall
from dubbing_pipeline.stages.documents import read_timeline
from dubbing_pipeline.stages.folder_store import FolderStore
from dubbing_pipeline.stages.transcript import Heard, heard_from
from lib.engines import need_engine, registry
from samples.make import Sample
from scoring.speakers import Turn


@dataclass(frozen=True)
class Hearing:
    """What was heard in one film."""

    heard: Heard
    timeline: Timeline
    speakers: Json
    speech_spans: list[tuple[int, int]]

    @property
    def text(self) -> str:
        return " ".join(line.source for line in self.timeline.lines)

    @property
    def turns(self) -> list[Turn]:
        return [Turn(line.start_ms, line.end_ms, line.speaker) for line in self.timeline.lines]


def put_file(store: FolderStore, path: Path, key: str) -> str:
    copy = store.scratch(path.suffix)
    shutil.copy(path, copy)
    store.put(key, copy)
    return key


def hear(store: FolderStore, sample: Sample, *, subtitles: Path | None = None) -> Hearing:
    """Run the three stages over a sample's film."""
    engines = registry()
    context = StageContext(store, engines, lambda _: None)
    refs = {"detector": need_engine(engines, "detect_speech", "silero").ref}
    language = sample.truth.language
    inputs = {"film": put_file(store, sample.film, "f" * 64)}
    keys = _speech(context, inputs, language)
    if subtitles is None:
        refs["transcriber"] = need_engine(engines, "transcribe", "whisper", "tiny.en").ref
    else:
        keys["subtitles"] = put_file(store, subtitles, "e" * 64)
    found = transcribe.STAGE.run(_call("transcribe", keys, language, refs), context)
    said = {"speech": keys["speech"], "transcript": found["transcript"]}
    named = diarize.STAGE.run(StageCall("diarize", diarize.STAGE.version, said), context)
    return Hearing(
        heard_from(read_json(store, found["transcript"])),
        read_timeline(store.fetch(named["lines"])),
        read_json(store, named["speakers"]),
        [(start_ms, end_ms) for start_ms, end_ms in read_json(store, found["speech_spans"])],
    )


def _speech(context: StageContext, inputs: Keys, language: str) -> dict[str, str]:
    call = StageCall("extract", extract.STAGE.version, inputs, {"language": language})
    return {"speech": extract.STAGE.run(call, context)["speech"]}


def _call(stage: str, keys: Keys, language: str, refs: dict[str, EngineRef]) -> StageCall:
    return StageCall(stage, transcribe.STAGE.version, keys, {"language": language}, refs)
