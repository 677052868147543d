"""Who says each word: stretches between pauses, changes of voice inside them, clusters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from dubbing_pipeline.model.speech import Word
from dubbing_pipeline.stages.clustering import (
    Labels,
    Voiceprints,
    distances,
    find_speakers,
    follow,
    whitened,
)
from dubbing_pipeline.stages.regroup import Boundaries, regroup
from dubbing_pipeline.stages.voices import VoiceFrames, fingerprint, fingerprints

Span = tuple[int, int]
"""(start, end) in ms."""

BREATHS = Boundaries(pause_ms=150, join_ms=0, min_ms=0, max_ms=1_000_000)
"""Stretches that are taken for one voice until they show two: no pause, no end of a sentence."""
WINDOW_MS = 2000
LEAST_SIDE_MS = 700
CHANGED = 5.0
"""How far apart, in spreads of one voice, the sides of a change of speaker are at least."""
CHANCE = 3.0
"""Times the chance of their evidence that is taken off first: of many places, the best is taken."""

TURN_COST = 1.0
"""What a change of speaker costs at a pause or after a sentence; see ``clustering.follow``."""
INNER_COST = 6.0
"""What it costs where neither is."""
WOMAN_HZ = 160.0
MAN_HZ = 145.0
"""Median pitch from and up to which a voice is taken for a woman's or a man's."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words said in one go; ``turn`` tells that a pause or a sentence's end is before them."""

    words: tuple[Word, ...]
    turn: bool

    @property
    def span(self) -> Span:
        return self.words[0].start_ms, self.words[-1].end_ms


def name_words(words: Sequence[Word], frames: VoiceFrames) -> tuple[str, ...]:
    """Name the speaker of each word: "S1", "S2", … in the order they first speak."""
    breaths = [Stretch(group, turn=True) for group in regroup(words, boundaries=BREATHS)]
    stretches = [part for breath in breaths for part in _parted(breath, frames)]
    labels = label_spans(
        [stretch.span for stretch in stretches],
        frames,
        [TURN_COST if stretch.turn else INNER_COST for stretch in stretches],
    )
    names = in_order(labels)
    return tuple(
        name for name, stretch in zip(names, stretches, strict=True) for _ in stretch.words
    )


def label_spans(spans: Sequence[Span], frames: VoiceFrames, changes: Sequence[float]) -> Labels:
    """Number the speaker of each span.

    Args:
        spans: In order.
        frames: The film's voices.
        changes: What it costs that another speaker begins with this span; see ``follow``.
    """
    if not spans:
        return np.zeros(0, dtype=np.int_)
    prints = whitened(list(fingerprints(frames, spans)))
    return follow(prints, find_speakers(prints), changes)


def in_order(labels: Labels) -> list[str]:
    """Turn numbers into names by the order in which they first come."""
    names: dict[int, str] = {}
    return [names.setdefault(label, f"S{len(names) + 1}") for label in labels.tolist()]


def _parted(breath: Stretch, frames: VoiceFrames) -> Iterator[Stretch]:
    """Part a stretch at words where the voice changes."""
    waiting = [breath]
    while waiting:
        stretch = waiting.pop()
        cut = _change(stretch, frames)
        if cut == 0:
            yield stretch
            continue
        waiting.append(Stretch(stretch.words[cut:], turn=False))
        waiting.append(Stretch(stretch.words[:cut], turn=stretch.turn))


def _change(stretch: Stretch, frames: VoiceFrames) -> int:
    """Give the word before which the voice changes most, or 0 if it does not change."""
    start_ms, end_ms = stretch.span
    places = [
        (index, word.start_ms)
        for index, word in enumerate(stretch.words)
        if word.start_ms - start_ms >= LEAST_SIDE_MS and end_ms - word.start_ms >= LEAST_SIDE_MS
    ]
    jumps = [(_jump(at_ms, stretch.span, frames), -index) for index, at_ms in places]
    jump, index = max(jumps, default=(0.0, 0))
    return -index if jump >= CHANGED else 0


def _jump(at_ms: int, span: Span, frames: VoiceFrames) -> float:
    """How far apart the voices before and after a moment are, less what chance makes of it."""
    sides = [
        fingerprint(frames.rows(max(span[0], at_ms - WINDOW_MS), at_ms)),
        fingerprint(frames.rows(at_ms, min(span[1], at_ms + WINDOW_MS))),
    ]
    prints: Voiceprints = whitened(sides)
    apart = float(distances(prints.points[:1], prints.points[1:])[0, 0])
    chance = prints.points.shape[1] * float((1 / prints.weights).sum())
    return float(np.sqrt(max(apart - CHANCE * chance, 0.0)))


def pitch_hz(spans: Sequence[Span], frames: VoiceFrames) -> float:
    """Median pitch over a speaker's spans; 0 if no frame is voiced."""
    pitches = [hz for start_ms, end_ms in spans for hz in frames.pitches_hz(start_ms, end_ms)]
    return float(median(pitches)) if pitches else 0.0


def gender_of(hz: float) -> str:
    """Guess a voice's gender by its pitch, for the choice of a voice: "f", "m", "" if unclear."""
    if hz >= WOMAN_HZ:
        return "f"
    return "m" if 0 < hz <= MAN_HZ else ""
