"""Translate all lines of a film at once, and check that none was lost on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from dubbing_pipeline.engines.base import TranslationLine, TranslationRequest
from dubbing_pipeline.errors import EngineFailed, UsageError
from dubbing_pipeline.media.subtitles import read_subtitles
from dubbing_pipeline.model.speech import Line, Timeline
from dubbing_pipeline.stages.artifacts import put_json, put_text
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Keys, StageCall
from dubbing_pipeline.stages.documents import read_timeline, timeline_text
from dubbing_pipeline.stages.pace import characters_per_second
from dubbing_pipeline.stages.target_cues import lines_from_cues
from dubbing_pipeline.stages.timing import Placing, slots

Texts = Mapping[int, Sequence[str]]


class Translate:
    """``lines`` (and ``subtitles`` of the target language) to ``timeline`` and ``variants``.

    A line without a letter or digit in it ("♪", "…") is left as it sounds in the original.
    """

    name: ClassVar[str] = "translate"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        heard = read_timeline(context.artifacts.fetch(call.inputs["lines"]))
        target = str(call.params["language"])
        if target == heard.source_language:
            raise UsageError("stages.same_language", language=target)
        if "subtitles" in call.inputs:
            cues = read_subtitles(context.artifacts.fetch(call.inputs["subtitles"]))
            lines = lines_from_cues(cues, heard.lines)
            texts: Texts = {}
        else:
            texts = _translated(call, context, heard)
            lines = tuple(_with_target(line, texts) for line in heard.lines)
        timeline = replace(heard, target_language=target, lines=lines)
        variants = {str(line): list(each) for line, each in texts.items()}
        return {
            "timeline": put_text(context.artifacts, call.key("timeline"), timeline_text(timeline)),
            "variants": put_json(context.artifacts, call.key("variants"), variants),
        }


def _translated(call: StageCall, context: StageContext, heard: Timeline) -> Texts:
    engine = context.engines.translator(call.engines["translator"])
    target = str(call.params["language"])
    spoken = [line for line in heard.lines if _says_something(line.source)]
    rooms = slots(
        [Placing(line.id, line.start_ms, line.end_ms, line.speaker) for line in heard.lines],
        heard.duration_ms,
    )
    request = TranslationRequest(
        source_language=heard.source_language,
        target_language=target,
        lines=[
            TranslationLine(line.id, line.source, line.speaker, rooms[line.id]) for line in spoken
        ],
        glossary=call.params["glossary"],
        characters_per_second=characters_per_second(target),
    )
    texts = {each.id: each.texts for each in engine.translate(request, tick=context.tick)}
    for line in spoken:
        if not any(text.strip() for text in texts.get(line.id, ())):
            raise EngineFailed(
                "stages.translation_missing", line=line.id, source=line.source, target=target
            )
    return texts


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _with_target(line: Line, texts: Texts) -> Line:
    if line.id in texts:
        return replace(line, target=texts[line.id][0])
    return replace(line, audio_mode="original")


STAGE = Translate()
