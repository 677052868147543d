"""Lay subtitles of the target language over the lines that were heard. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dubbing_pipeline.media.cues import Cue
from dubbing_pipeline.model.speech import Line


def lines_from_cues(
    cues: Sequence[Cue], heard: Sequence[Line], duration_ms: int
) -> tuple[Line, ...]:
    """Make one line a cue: the cue has the words, what was heard has the times.

    Each heard line belongs to the cue it shares most time with. A cue takes start, end, source
    text and speaker from its lines; one without any keeps its own times, within the film. A heard
    line without a cue stays as it sounds in the original. Ids are given anew, in order of time.
    """
    spoken = [cue for cue in _within(cues, duration_ms) if cue.spoken]
    owners = _owners(heard, spoken)
    lines = [_line(cue, owners.get(index, ()), heard) for index, cue in enumerate(spoken)]
    left = [replace(line, audio_mode="original") for line in owners.get(None, ())]
    ordered = sorted([*lines, *left], key=lambda line: (line.start_ms, line.end_ms))
    return tuple(replace(line, id=number) for number, line in enumerate(ordered, start=1))


def heard_as(lines: Sequence[Line], heard: Sequence[Line]) -> dict[str, str]:
    """Tell whom of those that were heard each speaker of the lines is: the one most time is shared with.

    Speakers come in order of first appearance; one who speaks over nothing heard is left out.
    """
    shared: dict[str, Counter[str]] = {}
    by_start = sorted(heard, key=lambda line: line.start_ms)
    starts_ms, longest_ms = _reach(by_start)
    for line in lines:
        first = bisect_left(starts_ms, line.start_ms - longest_ms)
        for each in by_start[first : bisect_left(starts_ms, line.end_ms)]:
            shared_ms = max(0, _shared_ms(each, line))
            shared.setdefault(line.speaker, Counter())[each.speaker] += shared_ms
    return {name: found.most_common(1)[0][0] for name, found in shared.items() if found.total() > 0}


def _within(cues: Sequence[Cue], duration_ms: int) -> list[Cue]:
    """Leave out what is shown after the film's end, and end at it what is shown across it."""
    return [
        replace(cue, end_ms=min(cue.end_ms, duration_ms))
        for cue in sorted(cues, key=lambda cue: cue.start_ms)
        if cue.start_ms < duration_ms
    ]


def _owners(heard: Sequence[Line], cues: Sequence[Cue]) -> Mapping[int | None, Sequence[Line]]:
    """Give the heard lines by the number of the cue each belongs to, or None."""
    starts_ms, longest_ms = _reach(cues)
    owners: dict[int | None, list[Line]] = {}
    for line in heard:
        first = bisect_left(starts_ms, line.start_ms - longest_ms)
        near = range(first, bisect_left(starts_ms, line.end_ms))
        best = max(near, key=lambda index: _shared_ms(line, cues[index]), default=None)
        owned = best is not None and _shared_ms(line, cues[best]) > 0
        owners.setdefault(best if owned else None, []).append(line)
    return owners


def _reach(spans: Sequence[Cue | Line]) -> tuple[list[int], int]:
    """Give the starts of spans that lie in order of them, and how long the longest one is."""
    longest_ms = max((span.end_ms - span.start_ms for span in spans), default=0)
    return [span.start_ms for span in spans], longest_ms


def _shared_ms(line: Line, cue: Cue | Line) -> int:
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
