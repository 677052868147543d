"""Say who speaks: lines with speakers from what was heard or read, and how each one sounds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from dubbing_pipeline.engines.base import Samples, SpeechSpan
from dubbing_pipeline.media.flac import SpanReader
from dubbing_pipeline.model.speech import Line, Timeline, Word
from dubbing_pipeline.stages.artifacts import put_json, put_text, read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Json, Keys, StageCall
from dubbing_pipeline.stages.documents import timeline_text
from dubbing_pipeline.stages.regroup import regroup
from dubbing_pipeline.stages.speakers import (
    TURN_COST,
    gender_of,
    label_spans,
    name_words,
    pitch_hz,
)
from dubbing_pipeline.stages.transcript import Heard, Utterance, heard_from
from dubbing_pipeline.stages.voices import VoiceFrames, measure_voices


class Diarize:
    """``speech`` (16 kHz mono) and ``transcript`` to ``lines`` and ``speakers``.

    ``lines`` is a timeline without a target language. ``speakers`` maps each name to its
    ``f0_hz`` (median pitch) and ``gender`` ("f", "m" or "").
    """

    name: ClassVar[str] = "diarize"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        """See ``Stage``."""
        heard = heard_from(read_json(context.artifacts, call.inputs["transcript"]))
        spans = [SpeechSpan(each.start_ms, each.end_ms) for each in heard.utterances]
        with SpanReader(context.artifacts.fetch(call.inputs["speech"])) as sound:

            def read(start_ms: int, end_ms: int) -> Samples:
                return sound.span(start_ms, end_ms)[:, 0]

            frames = measure_voices(read, sound.duration_ms, spans, context.tick)
        lines = lines_of(heard, frames)
        context.tick(1.0)
        timeline = Timeline(heard.language, "", heard.duration_ms, lines)
        sounds = speakers_json(lines, frames)
        return {
            "lines": put_text(context.artifacts, call.key("lines"), timeline_text(timeline)),
            "speakers": put_json(context.artifacts, call.key("speakers"), sounds),
        }


STAGE = Diarize()


def lines_of(heard: Heard, frames: VoiceFrames) -> tuple[Line, ...]:
    """Make lines with speakers of what was recognised, or of what subtitles say."""
    if heard.origin == "subtitles":
        return lines_from_cues(heard.utterances, frames)
    return lines_from_words([word for each in heard.utterances for word in each.words], frames)


def lines_from_words(words: Sequence[Word], frames: VoiceFrames) -> tuple[Line, ...]:
    """Group recognised words into lines of one speaker each."""
    names = name_words(words, frames)
    groups = regroup(words, speakers=names)
    lines: list[Line] = []
    at = 0
    for number, group in enumerate(groups, 1):
        text = " ".join(word.text for word in group)
        start_ms, end_ms = group[0].start_ms, group[-1].end_ms
        lines.append(Line(number, start_ms, end_ms, names[at], text, words=group))
        at += len(group)
    return tuple(lines)


def lines_from_cues(cues: Sequence[Utterance], frames: VoiceFrames) -> tuple[Line, ...]:
    """Make one line of each cue; the speakers that cues name win over what is heard.

    A cue without a speaker gets the name that most cues of the same voice have, or "S1",
    "S2", … if none of them has one.
    """
    names = [cue.speaker for cue in cues]
    if not all(names):
        labels = label_spans(
            [(cue.start_ms, cue.end_ms) for cue in cues], frames, [TURN_COST] * len(cues)
        )
        names = _named(cues, labels.tolist())
    return tuple(
        Line(number, cue.start_ms, cue.end_ms, name, cue.text)
        for number, (cue, name) in enumerate(zip(cues, names, strict=True), 1)
    )


def _named(cues: Sequence[Utterance], labels: Sequence[int]) -> list[str]:
    """Give names to cues without one, by the voices of those that have one."""
    known: dict[int, Counter[str]] = {}
    for cue, label in zip(cues, labels, strict=True):
        if cue.speaker:
            known.setdefault(label, Counter())[cue.speaker] += cue.end_ms - cue.start_ms
    taken = {cue.speaker for cue in cues}
    fresh = (
        name
        for number in range(1, len(cues) + len(taken) + 1)
        if (name := f"S{number}") not in taken
    )
    voices: dict[int, str] = {}
    names = []
    for cue, label in zip(cues, labels, strict=True):
        if label not in voices and not cue.speaker:
            voices[label] = known[label].most_common(1)[0][0] if label in known else next(fresh)
        names.append(cue.speaker or voices[label])
    return names


def speakers_json(lines: Sequence[Line], frames: VoiceFrames) -> Mapping[str, Json]:
    """Tell how each speaker sounds, in order of first appearance."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for line in lines:
        spans.setdefault(line.speaker, []).append((line.start_ms, line.end_ms))
    pitches = {name: round(pitch_hz(each, frames), 1) for name, each in spans.items()}
    return {name: {"f0_hz": hz, "gender": gender_of(hz)} for name, hz in pitches.items()}
