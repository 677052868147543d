"""What is heard when: the placed takes and the spans in which the original gives way.

Everything here is worked out per line from what lies around that line, and from how loud its
speaker usually is in the film as it was first dubbed. So a preview of ten seconds and the whole
film hear the same, and a changed line changes no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.media.flac import SpanReader
from dubbing_pipeline.model.speech import Line, Timeline
from dubbing_pipeline.stages.artifacts import ArtifactStore, put_json, read_json
from dubbing_pipeline.stages.call import digest
from dubbing_pipeline.stages.mixing import (
    REACH_MS,
    Piece,
    Sound,
    Span,
    ducking,
    place,
    samples_of,
    silencing,
)
from dubbing_pipeline.stages.take import level_db
from dubbing_pipeline.stages.takes import Takes, read_speech, take_frames

_GAIN_DB = 12.0
"""No take is made louder or softer than this: beyond it, noise would be taken for a voice."""

_ABOUT_SPEAKER_DB = 4.0
"""How far a line may be from its speaker's usual level."""

_LEVELS = 1
"""Grows when levels would be measured otherwise."""

_EDGE_MS = 400
"""Speech this close around a line's words belongs to the line: recognisers end words early."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One line as the mix hears it, in samples; ``gain`` is for its take."""

    line: int
    start: int
    take: str
    gain: float


class Score:
    """A film's whole mix before the master gain, to be read in blocks.

    ``settled`` is the timeline of the first dub, or this one if it is the first.
    """

    def __init__(
        self,
        timeline: Timeline,
        takes: Takes,
        *,
        settled: Timeline,
        sound: SpanReader,
        sound_key: str,
        speech_spans: Sequence[tuple[int, int]],
        artifacts: ArtifactStore,
    ) -> None:
        self._sound = sound
        self._sound_key = sound_key
        self._artifacts = artifacts
        spans = _spans_with_edges(timeline.lines, speech_spans)
        spoken = [line for line in timeline.lines if line.id in takes and line.fit]
        self._under = _merged([*(spans[line.id] for line in spoken), *_dub_spans(spoken)])
        mute = [line for line in timeline.lines if line.audio_mode == "mute"]
        self._muted = _merged([spans[line.id] for line in mute])
        self._cues = self._level(timeline, takes, settled)
        self._lengths = {cue.line: take_frames(artifacts, cue.take)[0] for cue in self._cues}

    def end(self, film_frames: int) -> int:
        """Give where the mix ends: with the film, or with the last word if that is later."""
        ends = (cue.start + self._lengths[cue.line] for cue in self._cues)
        return max(film_frames, *ends, 0)

    def read(self, block: Span) -> tuple[Sound, npt.NDArray[np.float32]]:
        """Give the original as it is heard under the dub, and the dub alone, for a block."""
        bed = self._sound.read(block.start, block.end - block.start) * ducking(
            block, self._near(self._under, block)
        )
        muted = self._near(self._muted, block)
        if muted:
            bed = bed * silencing(block, muted)
        return bed, place(block, self._pieces(block))

    def _pieces(self, block: Span) -> list[Piece]:
        near = (
            cue
            for cue in self._cues
            if cue.start < block.end and cue.start + self._lengths[cue.line] > block.start
        )
        return [
            Piece(cue.start, read_speech(self._artifacts, cue.take).samples * np.float32(cue.gain))
            for cue in near
        ]

    def _near(self, spans: Sequence[Span], block: Span) -> list[Span]:
        reach = samples_of(REACH_MS)
        return [
            span
            for span in spans
            if span.start < block.end + reach and span.end > block.start - reach
        ]

    def _level(self, timeline: Timeline, takes: Takes, settled: Timeline) -> list[Cue]:
        """Match each take to how loud its line is in the original, near its speaker's usual."""
        levels = self._source_levels_db(settled)
        for line in timeline.lines:
            span = (line.start_ms, line.end_ms)
            if span not in levels:
                levels[span] = self._source_level_db(*span)
        usual = {
            speaker: median(
                levels[line.start_ms, line.end_ms]
                for line in settled.lines
                if line.speaker == speaker
            )
            for speaker in settled.speakers
        }
        cues: list[Cue] = []
        for line in timeline.lines:
            if line.id not in takes or line.fit is None:
                continue
            level = levels[line.start_ms, line.end_ms]
            about = usual.get(line.speaker, level)
            wanted_db = float(np.clip(level, about - _ABOUT_SPEAKER_DB, about + _ABOUT_SPEAKER_DB))
            take = takes[line.id].placed
            gain_db = wanted_db - level_db(read_speech(self._artifacts, take).samples)
            gain = 10 ** (float(np.clip(gain_db, -_GAIN_DB, _GAIN_DB)) / 20)
            cues.append(Cue(line.id, samples_of(line.fit.start_ms), take, gain))
        return sorted(cues, key=lambda cue: (cue.start, cue.line))

    def _source_levels_db(self, settled: Timeline) -> dict[tuple[int, int], float]:
        """Measure the original at each line of the first dub; once, then it is read.

        Reading all of a film takes seconds, and one changed line shall be heard at once.
        """
        spans = sorted({(line.start_ms, line.end_ms) for line in settled.lines})
        key = digest({"levels": _LEVELS, "sound": self._sound_key, "spans": spans})
        if not self._artifacts.has(key):
            measured = [[*span, self._source_level_db(*span)] for span in spans]
            put_json(self._artifacts, key, measured)
        stored = read_json(self._artifacts, key)
        return {(start_ms, end_ms): level_db for start_ms, end_ms, level_db in stored}

    def _source_level_db(self, start_ms: int, end_ms: int) -> float:
        sound = self._sound.span(start_ms, end_ms)
        mono: npt.NDArray[np.float32] = sound.mean(axis=1)
        return level_db(mono)


def _dub_spans(lines: Sequence[Line]) -> list[Span]:
    return [
        Span(samples_of(line.fit.start_ms), samples_of(line.fit.end_ms))
        for line in lines
        if line.fit is not None
    ]


def _spans_with_edges(
    lines: Sequence[Line], speech_spans: Sequence[tuple[int, int]]
) -> Mapping[int, Span]:
    """Give each line's span in the original, with the edges of the speech it stands in."""
    ordered = sorted(lines, key=lambda line: (line.start_ms, line.id))
    spans: dict[int, Span] = {}
    for index, line in enumerate(ordered):
        after = ordered[index + 1].start_ms if index + 1 < len(ordered) else line.end_ms + _EDGE_MS
        before = ordered[index - 1].end_ms if index else line.start_ms - _EDGE_MS
        start_ms, end_ms = _edges(line, speech_spans)
        start_ms = max(start_ms, min(before, line.start_ms))
        end_ms = min(end_ms, max(after, line.end_ms))
        spans[line.id] = Span(samples_of(start_ms), samples_of(end_ms))
    return spans


def _edges(line: Line, speech_spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    start_ms, end_ms = line.start_ms, line.end_ms
    for begin, end in speech_spans:
        if begin < line.end_ms and end > line.start_ms:
            if line.start_ms - _EDGE_MS <= begin < start_ms:
                start_ms = begin
            if end_ms < end <= line.end_ms + _EDGE_MS:
                end_ms = end
    return start_ms, end_ms


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
