"""Lay subtitles of the target language over the lines that were heard. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from dubbing_pipeline.media.cues import Cue
from dubbing_pipeline.model.speech import Line


def lines_from_cues(cues: Sequence[Cue], heard: Sequence[Line]) -> tuple[Line, ...]:
    """Make one line a cue: the cue has the words, what was heard has the times.

    Each heard line belongs to the cue it shares most time with. A cue takes start, end, source
    text and speaker from its lines; one without any keeps its own times. A heard line without a
    cue stays as it sounds in the original. Ids are given anew, in order of time.
    """
    spoken = [cue for cue in cues if cue.spoken]
    owners = {line.id: _owner(line, spoken) for line in heard}
    lines = [
        _line(cue, [line for line in heard if owners[line.id] == index], heard)
        for index, cue in enumerate(spoken)
    ]
    left = [replace(line, audio_mode="original") for line in heard if owners[line.id] is None]
    ordered = sorted([*lines, *left], key=lambda line: (line.start_ms, line.end_ms))
    return tuple(replace(line, id=number) for number, line in enumerate(ordered, start=1))


def _owner(line: Line, cues: Sequence[Cue]) -> int | None:
    shared = [_shared_ms(line, cue) for cue in cues]
    best = max(shared, default=0)
    return shared.index(best) if best > 0 else None


def _shared_ms(line: Line, cue: Cue) -> int:
    return min(line.end_ms, cue.end_ms) - max(line.start_ms, cue.start_ms)


def _line(cue: Cue, mine: Sequence[Line], heard: Sequence[Line]) -> Line:
    if not mine:
        speaker = cue.speaker or _nearest_speaker(cue, heard)
        return Line(0, cue.start_ms, cue.end_ms, speaker, source="", target=cue.spoken)
    speakers = Counter(line.speaker for line in mine)
    return Line(
        id=0,
        start_ms=min(line.start_ms for line in mine),
        end_ms=max(line.end_ms for line in mine),
        speaker=cue.speaker or speakers.most_common(1)[0][0],
        source=" ".join(line.source for line in mine),
        target=cue.spoken,
        words=tuple(word for line in mine for word in line.words),
    )


def _nearest_speaker(cue: Cue, heard: Sequence[Line]) -> str:
    if not heard:
        return "S1"
    return max(heard, key=lambda line: _shared_ms(line, cue)).speaker
