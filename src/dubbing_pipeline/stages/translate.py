"""Translate all lines of a film at once, and check that none was lost on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from dubbing_pipeline.engines.base import TranslationLine, TranslationRequest
from dubbing_pipeline.errors import EngineFailed, NothingToDub, UsageError
from dubbing_pipeline.media.subtitles import read_subtitles
from dubbing_pipeline.model.speech import Line, Timeline
from dubbing_pipeline.stages.artifacts import put_json, put_text, read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Json, Keys, StageCall
from dubbing_pipeline.stages.documents import read_timeline, timeline_text
from dubbing_pipeline.stages.pace import characters_per_second
from dubbing_pipeline.stages.target_cues import heard_as, lines_from_cues
from dubbing_pipeline.stages.timing import Placing, slots

UNKNOWN: Mapping[str, Json] = {"f0_hz": 0.0, "gender": ""}
"""What is known of a speaker that was not heard in the film."""

Texts = Mapping[int, Sequence[str]]


class Translate:
    """``lines``, ``speakers`` (and target ``subtitles``) to ``timeline``, ``variants``, ``cast``.

    A line without a letter or digit in it ("♪", "…") is left as it sounds in the original.
    ``cast`` lists the speakers of the timeline in order of first appearance, each with its
    ``name`` and what is known of its sound: subtitles may call a speaker by another name.
    """

    name: ClassVar[str] = "translate"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        """See ``Stage``.

        Raises:
            NothingToDub: No line has words to be spoken.
            EngineFailed: A line came back without a translation.
            UsageError: The film is in the target language.
        """
        heard = read_timeline(context.artifacts.fetch(call.inputs["lines"]))
        target = str(call.params["language"])
        if target == heard.source_language:
            raise UsageError("stages.same_language", language=target)
        if "subtitles" in call.inputs:
            cues = read_subtitles(context.artifacts.fetch(call.inputs["subtitles"]))
            lines = lines_from_cues(cues, heard.lines, heard.duration_ms)
            texts: Texts = {}
        else:
            texts = _translated(call, context, heard)
            lines = tuple(_with_target(line, texts) for line in heard.lines)
        if not any(line.audio_mode == "tts" for line in lines):
            raise NothingToDub("stages.nothing_to_speak", lines=len(lines))
        timeline = replace(heard, target_language=target, lines=lines)
        cast = _cast(timeline, heard, read_json(context.artifacts, call.inputs["speakers"]))
        variants = {str(line): list(each) for line, each in texts.items()}
        return {
            "timeline": put_text(context.artifacts, call.key("timeline"), timeline_text(timeline)),
            "variants": put_json(context.artifacts, call.key("variants"), variants),
            "cast": put_json(context.artifacts, call.key("cast"), cast),
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


def _cast(timeline: Timeline, heard: Timeline, known: Mapping[str, Json]) -> list[Json]:
    """Put together what is known of each speaker of a timeline."""
    same = heard_as(timeline.lines, heard.lines)
    return [
        {"name": name, **known.get(name, known.get(same.get(name, ""), UNKNOWN))}
        for name in timeline.speakers
    ]


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _with_target(line: Line, texts: Texts) -> Line:
    if line.id in texts:
        return replace(line, target=texts[line.id][0])
    return replace(line, audio_mode="original")


STAGE = Translate()
