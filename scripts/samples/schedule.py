"""Places spoken lines on the time axis and writes down where they landed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from samples.dialogue import Cue, Direction, Spoken
from samples.sound import RATE_HZ, Mono, Span, speech_spans
from samples.truth import TrueLine
from samples.voices import VOICES

LEAD_MS = 500
TAIL_MS = 700
PAUSE_MS = (350, 900)


@dataclass(frozen=True, slots=True)
class Placed:
    """A spoken line, its sound and its truth."""

    sound: Mono
    truth: TrueLine


@dataclass(frozen=True, slots=True)
class Schedule:
    """Where everything lies. ``music`` are the spans with music and nobody speaking."""

    duration_ms: int
    lines: tuple[Placed, ...]
    music: tuple[Span, ...]


def place(cues: Sequence[Cue], sounds: Sequence[Mono], *, seed: str, duration_ms: int) -> Schedule:
    """Lay lines one after the other with pauses of a talk between them.

    Args:
        cues: Lines and directions, in order.
        sounds: The sound of each spoken line, in order.
        seed: Chooses the pauses; the same seed gives the same pauses.
        duration_ms: Length of the film, or 0 for as long as the talk needs.

    Raises:
        ValueError: The talk is longer than the film.
    """
    random = Random(seed)  # noqa: S311 - pauses, not secrets
    cursor, end_ms = LEAD_MS, 0
    placed: list[Placed] = []
    music: list[Span] = []
    spoken = iter(sounds)
    for cue in cues:
        if isinstance(cue, Direction):
            cursor = _directed(cue, cursor, end_ms=end_ms, music=music)
            continue
        line = _placed(cue, next(spoken), start_ms=cursor, line_id=len(placed) + 1)
        placed.append(line)
        end_ms = max(end_ms, line.truth.end_ms)
        cursor = end_ms + 10 * random.randint(PAUSE_MS[0] // 10, PAUSE_MS[1] // 10)
    needed_ms = cursor if isinstance(cues[-1], Direction) else end_ms + TAIL_MS
    if duration_ms and needed_ms > duration_ms:
        raise ValueError(f"{seed}: {needed_ms} ms of talk do not fit into {duration_ms} ms")
    return Schedule(duration_ms or needed_ms, tuple(placed), tuple(music))


def _directed(direction: Direction, cursor: int, *, end_ms: int, music: list[Span]) -> int:
    """Follow a direction; gives where the next line begins."""
    length_ms = round(direction.seconds * 1000)
    if direction.kind == "overlap":
        return end_ms - length_ms
    if direction.kind == "music":
        music.append((cursor, cursor + length_ms))
        return cursor + length_ms + LEAD_MS
    return cursor + length_ms


def _placed(cue: Spoken, sound: Mono, *, start_ms: int, line_id: int) -> Placed:
    length_ms = len(sound) * 1000 // RATE_HZ
    spans = tuple((start_ms + start, start_ms + end) for start, end in speech_spans(sound))
    truth = TrueLine(
        id=line_id,
        start_ms=start_ms,
        end_ms=start_ms + length_ms,
        speaker=cue.speaker,
        language=VOICES[cue.speaker].language,
        text=cue.text,
        words=tuple(cue.text.split()),
        spans=spans,
    )
    return Placed(sound, truth)
