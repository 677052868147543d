"""Speak every line once, at the voice's own pace, and choose the words that fit the room."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from dubbing_pipeline.errors import LanguageUnsupported
from dubbing_pipeline.model.speech import Line, Timeline
from dubbing_pipeline.stages.artifacts import put_text, read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.booth import Booth, Wanted
from dubbing_pipeline.stages.call import Json, Keys, StageCall
from dubbing_pipeline.stages.casting import cast
from dubbing_pipeline.stages.documents import read_timeline, timeline_text
from dubbing_pipeline.stages.takes import Take, put_takes
from dubbing_pipeline.stages.timing import LIMITS, Placing, slots

_ROUNDS = 2
"""How often a line that does not fit is tried with other words."""


class Synthesize:
    """``timeline``, ``cast`` (and ``variants``) to ``timeline`` and ``takes``.

    The timeline comes out with the words that were spoken: where the translator offered shorter
    ones and the first do not fit their room, the longest that fits is taken, by the rate that
    was measured on this line. Without ``variants`` the words are settled, and all are spoken.
    """

    name: ClassVar[str] = "synthesize"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        timeline = read_timeline(context.artifacts.fetch(call.inputs["timeline"]))
        variants = _variants(call, context)
        booth = Booth(call.engines["synthesizer"], timeline.target_language, context)
        voices = _voices(call, context, timeline)
        spoken = [line for line in timeline.lines if is_spoken(line)]
        wanted = {line.id: Wanted(line.id, line.target, voices[line.speaker]) for line in spoken}
        booth.record(list(wanted.values()))
        rooms = _rooms(timeline)
        for _ in range(_ROUNDS):
            tried = _shortened(spoken, wanted, booth, variants=variants, rooms=rooms)
            booth.record(list(tried.values()))
            wanted.update(tried)
        takes = {
            line: Take(booth.key(each), booth.natural_ms(each), each.voice)
            for line, each in wanted.items()
        }
        lines = tuple(
            replace(line, target=wanted[line.id].text) if line.id in wanted else line
            for line in timeline.lines
        )
        text = timeline_text(replace(timeline, lines=lines))
        return {
            "timeline": put_text(context.artifacts, call.key("timeline"), text),
            "takes": put_takes(context.artifacts, call.key("takes"), takes),
        }


def is_spoken(line: Line) -> bool:
    return line.audio_mode == "tts" and bool(line.target.strip())


def _variants(call: StageCall, context: StageContext) -> Mapping[str, Sequence[str]]:
    if "variants" not in call.inputs:
        return {}
    offered: Mapping[str, Sequence[str]] = read_json(context.artifacts, call.inputs["variants"])
    return offered


def _voices(call: StageCall, context: StageContext, timeline: Timeline) -> dict[str, str]:
    engine = context.engines.synthesizer(call.engines["synthesizer"])
    offered = engine.voices(timeline.target_language)
    if not offered:
        raise LanguageUnsupported(
            "stages.no_voice", language=timeline.target_language, engine=engine.ref.name
        )
    known: Json = read_json(context.artifacts, call.inputs["cast"])
    genders = {each["name"]: str(each["gender"]) for each in known}
    # those the stages found come first, so that a speaker an editor adds takes nobody's voice
    speakers = [*dict.fromkeys([*genders, *timeline.speakers])]
    return cast(speakers, offered, genders=genders, wishes=call.params["voices"])


def _rooms(timeline: Timeline) -> dict[int, int]:
    lines = [
        Placing(line.id, line.start_ms, line.end_ms, line.speaker, audio_mode=line.audio_mode)
        for line in timeline.lines
    ]
    return slots(lines, timeline.duration_ms)


def _shortened(
    lines: Sequence[Line],
    wanted: Mapping[int, Wanted],
    booth: Booth,
    *,
    variants: Mapping[str, Sequence[str]],
    rooms: Mapping[int, int],
) -> dict[int, Wanted]:
    """Choose other words for the lines that would have to be hurried."""
    tried: dict[int, Wanted] = {}
    for line in lines:
        now = wanted[line.id]
        natural_ms = booth.natural_ms(now)
        fitting_ms = rooms[line.id] * LIMITS.soft
        shorter = [text for text in variants.get(str(line.id), ()) if len(text) < len(now.text)]
        if natural_ms <= fitting_ms or not shorter:
            continue
        room = fitting_ms * len(now.text) / natural_ms
        fitting = [text for text in shorter if len(text) <= room]
        text = max(fitting, key=len) if fitting else min(shorter, key=len)
        tried[line.id] = replace(now, text=text)
    return tried


STAGE = Synthesize()
