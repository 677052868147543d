"""Given subtitles in place of recognition, translation, or both. Parsing them is not done here.

What a person wrote is taken as it is: nothing is dropped, and what has no place is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dubbing_pipeline.engines.base import EngineRef, Segment, Transcript, Variants
from dubbing_pipeline.engines.timed_text import spread_words

REVISION = "1"
REF = EngineRef("subtitles", REVISION)
_NEAR_MS = 1_000
"""A cue that meets no line goes to one this near, if there is one."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: when it is shown, and what it says."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """The time of one source line."""

    id: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Match:
    """Translations by line; lines no cue was for; cues no line was for."""

    variants: tuple[Variants, ...]
    unanswered: tuple[int, ...]
    orphans: tuple[Cue, ...]


def transcript(cues: Iterable[Cue], language: str) -> Transcript:
    """Make a transcript of source subtitles, a segment a cue; words share its time by length."""
    segments = tuple(
        Segment(
            start_ms=cue.start_ms,
            end_ms=cue.end_ms,
            text=" ".join(cue.text.split()),
            words=spread_words(cue.text, cue.start_ms, cue.end_ms),
        )
        for cue in sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))
        if cue.text.strip()
    )
    return Transcript(language, segments)


def match_targets(slots: Sequence[Slot], cues: Iterable[Cue]) -> Match:
    """Give each target cue to the source line it shares the most time with.

    Several cues of one line are joined in order of time. A cue that meets no line goes to the
    nearest within a second.
    """
    texts: dict[int, list[str]] = {}
    orphans: list[Cue] = []
    for cue in sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms)):
        slot = _slot_of(cue, slots)
        if slot is None:
            orphans.append(cue)
        elif cue.text.strip():
            texts.setdefault(slot.id, []).append(" ".join(cue.text.split()))
    return Match(
        variants=tuple(_variants(slots, texts)),
        unanswered=tuple(slot.id for slot in slots if slot.id not in texts),
        orphans=tuple(orphans),
    )


def _variants(slots: Sequence[Slot], texts: Mapping[int, list[str]]) -> Iterable[Variants]:
    for slot in slots:
        if slot.id in texts:
            yield Variants(slot.id, (" ".join(texts[slot.id]),))


def _slot_of(cue: Cue, slots: Sequence[Slot]) -> Slot | None:
    best = max(slots, key=lambda slot: _shared_ms(cue, slot), default=None)
    return best if best is not None and _shared_ms(cue, best) > -_NEAR_MS else None


def _shared_ms(cue: Cue, slot: Slot) -> int:
    """Give the time both cover; negative is the gap between them."""
    return min(cue.end_ms, slot.end_ms) - max(cue.start_ms, slot.start_ms)
