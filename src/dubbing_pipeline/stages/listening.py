"""Listens to the dub stem line by line, and compares what is there with what was planned."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from dubbing_pipeline.engines.base import Samples, Tick, Transcriber
from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, convert
from dubbing_pipeline.model.speech import Fit, FitState, Line, Timeline
from dubbing_pipeline.stages.artifacts import ArtifactStore
from dubbing_pipeline.stages.quality import characters_per_second
from dubbing_pipeline.stages.stem import (
    SAMPLE_RATE_HZ,
    Envelope,
    envelope,
    find_take,
    likeness,
    shortfall_ms,
    stretched_envelope,
)
from dubbing_pipeline.stages.takes import Take, read_speech

Spoken = tuple[Line, Fit, Take]
"""A line that was placed, with its plan and its sound."""

_COMPARED_MS = 1500
"""How much of a line is correlated: enough to tell, and cheap for a film of two hours."""

_SAMPLED_LINES = 40
_HEARD_SHARE = 0.1
_HEARD_MIN_S, _HEARD_MAX_S = 6.0, 20.0
_PAUSE_S = 0.4
_FEW_WORDS = 3


@dataclass(frozen=True, slots=True)
class LineMeasures:
    """One line's plan, and what the stem has of it.

    ``offset_ms`` is where the take was found minus where it was planned, ``onset_error_ms``
    where its speech begins minus where the source line does; both are None if it was not found.
    ``cut_ms`` is how much of its speech is missing. ``leak`` is how like the source it sounds.
    """

    id: int
    tempo: float
    lag_ms: int
    overflow_ms: int
    state: FitState
    cut_ms: int
    characters_per_second: float
    leak: float
    offset_ms: int | None = None
    onset_error_ms: int | None = None


@contextmanager
def heard(
    path: Path, artifacts: ArtifactStore, *, duration_ms: int, tick: Tick
) -> Iterator[Samples]:
    """Decode a FLAC file to 16 kHz mono samples that lie on disk, not in memory."""
    target = artifacts.scratch(".f32")
    output = MediaOutput(target, "f32le", ("-ar", str(SAMPLE_RATE_HZ), "-ac", "1"))
    try:
        convert([MediaInput(path, demuxer="flac")], [output], duration_ms=duration_ms, tick=tick)
        yield _mapped(target)
    finally:
        target.unlink(missing_ok=True)


def spoken_lines(timeline: Timeline, takes: dict[int, Take]) -> list[Spoken]:
    """Pair the lines that were placed with their sound."""
    return [
        (line, line.fit, takes[line.id])
        for line in timeline.lines
        if line.fit is not None and line.id in takes
    ]


def measure_lines(
    lines: Sequence[Spoken], *, stem: Samples, source: Samples, artifacts: ArtifactStore, tick: Tick
) -> list[LineMeasures]:
    """Find every take in the stem.

    Args:
        lines: From ``spoken_lines``.
        stem: The dub stem, 16 kHz.
        source: The source's sound, 16 kHz.
        artifacts: Where the takes are.
        tick: Progress and cancel.
    """
    loudness = envelope(stem)
    measures = []
    for number, (line, fit, take) in enumerate(lines):
        tick(number / len(lines))
        leak = likeness(excerpt(stem, fit.start_ms), excerpt(source, fit.start_ms))
        measures.append(_measure(line, fit, _envelopes(take, fit, artifacts), loudness, leak=leak))
    return measures


def excerpt(samples: Samples, start_ms: int) -> Samples:
    """Cut out what is compared of a line that starts there."""
    first = start_ms * SAMPLE_RATE_HZ // 1000
    return samples[first : first + _COMPARED_MS * SAMPLE_RATE_HZ // 1000]


def alike(one: Samples, other: Samples, lines: Sequence[Spoken], reach_ms: int) -> float:
    """Tell how alike two tracks sound where lines are spoken: the median over some of them."""
    step = -(-len(lines) // _SAMPLED_LINES)
    starts_ms = [fit.start_ms for _, fit, _ in lines[::step]]
    return median(likeness(excerpt(one, at), excerpt(other, at), reach_ms) for at in starts_ms)


def untranslated(timeline: Timeline, lines: Sequence[Spoken]) -> float | None:
    """Tell which share of the longer lines says in the target what the source says."""
    pairs = [(words(line.source), words(line.target)) for line, _, _ in lines]
    longer = [source == target for source, target in pairs if len(source) >= _FEW_WORDS]
    if not longer or timeline.source_language == timeline.target_language:
        return None
    return round(sum(longer) / len(longer), 4)


def source_words_heard(
    engine: Transcriber, timeline: Timeline, lines: Sequence[Spoken], stem: Samples, tick: Tick
) -> float | None:
    """Have some of the dub heard as the source language, and count words of the source in it."""
    if timeline.source_language == timeline.target_language:
        return None
    chosen = _longest(lines, stem.size / SAMPLE_RATE_HZ)
    wanted = Counter(word for line, _, _ in chosen for word in words(line.source))
    if wanted.total() < _FEW_WORDS:
        return None
    pause = np.zeros(round(_PAUSE_S * SAMPLE_RATE_HZ), np.float32)
    parts = [part for _, fit, _ in chosen for part in (_whole(stem, fit), pause)]
    transcript = engine.transcribe(
        np.concatenate(parts), language=timeline.source_language, tick=tick
    )
    found = Counter(word for segment in transcript.segments for word in words(segment.text))
    return round((wanted & found).total() / wanted.total(), 4)


def words(text: str) -> list[str]:
    """Split text into words without marks and capitals."""
    return re.findall(r"\w+", text.casefold())


def _envelopes(take: Take, fit: Fit, artifacts: ArtifactStore) -> tuple[Envelope, Envelope]:
    """Measure a take as it was spoken, and as it was placed, both at the planned length."""
    length_ms = fit.end_ms - fit.start_ms
    spoken = stretched_envelope(read_speech(artifacts, take.take).samples, length_ms)
    if not take.placed:
        return spoken, spoken
    return spoken, stretched_envelope(read_speech(artifacts, take.placed).samples, length_ms)


def _measure(
    line: Line, fit: Fit, take: tuple[Envelope, Envelope], stem: Envelope, *, leak: float
) -> LineMeasures:
    spoken, placed = take
    found = find_take(stem, placed, fit.start_ms)
    return LineMeasures(
        id=line.id,
        tempo=fit.tempo,
        lag_ms=fit.lag_ms,
        overflow_ms=fit.overflow_ms,
        state=fit.state,
        cut_ms=found.missing_ms + shortfall_ms(spoken, placed),
        characters_per_second=characters_per_second(line.target, fit.end_ms - fit.start_ms),
        leak=leak,
        offset_ms=found.offset_ms if found.is_there else None,
        onset_error_ms=found.onset_ms - line.start_ms if found.is_there else None,
    )


def _longest(lines: Sequence[Spoken], stem_s: float) -> list[Spoken]:
    """Choose the longest lines until there is enough to hear, in order of time."""
    enough_ms = 1000 * min(max(stem_s * _HEARD_SHARE, _HEARD_MIN_S), _HEARD_MAX_S)
    chosen: list[Spoken] = []
    for each in sorted(lines, key=lambda each: (each[1].start_ms - each[1].end_ms, each[0].id)):
        if sum(fit.end_ms - fit.start_ms for _, fit, _ in chosen) >= enough_ms:
            break
        chosen.append(each)
    return sorted(chosen, key=lambda each: each[1].start_ms)


def _whole(samples: Samples, fit: Fit) -> Samples:
    rate = SAMPLE_RATE_HZ
    return np.asarray(samples[fit.start_ms * rate // 1000 : fit.end_ms * rate // 1000])


def _mapped(path: Path) -> Samples:
    if path.stat().st_size == 0:
        return np.zeros(0, np.float32)
    return np.memmap(path, np.float32, mode="r")
