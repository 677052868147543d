"""The timing planner: where every spoken line goes and how fast it is spoken.

Pure: values in, values out, all times in integer milliseconds. The rules, in the order in which
they yield:

1. Words are never cut: a line's placed length is its natural length over its tempo, always.
2. Two spoken lines of one speaker never overlap; the later one waits. Only a line marked
   ``original`` cannot wait: one that overflows before it is heard with it.
3. A line never starts before its source line.
4. Tempo stays within ``floor`` and ``hard``.
5. A line ends a guard before the next one starts. What does not fit is *overflow*: it is spoken
   to its end, the amount is written into its fit, and nothing fails for it. A later line of the
   same speaker is then pushed back as far as that takes, also beyond ``lag_ms``; a line of
   another speaker is not, so the two are heard together for a moment.
6. A line that would be faster than ``soft`` may take up to ``lag_ms`` from the start of the next
   line, if that line stays within ``soft`` without it.
7. A line shorter than its source is slowed down to the source's end, never into the gap. One
   that has to use the gap is spoken up to ``gentle`` faster, which nobody hears, to end sooner.
8. Neighbours of one speaker differ by at most ``step``: the slower one is sped up, to ``soft`` at
   most, so that evenness alone makes no line hard to follow and moves no other line.

Speakers who overlap in the source overlap in the dub: neither moves for the other, and one who
would be faster than ``soft`` goes on for up to ``lag_ms`` more. The film's end is a bound like the
start of a next line. A last line that passes it at ``hard`` is overflow too, its ``end_ms`` lies
behind the film's end, and the mix makes the sound that much longer.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dubbing_pipeline.errors import UsageError
from dubbing_pipeline.model.speech import AudioMode, Fit, FitState

FASTEST = 1.5
"""No setting makes speech faster: recognition of it collapses beyond."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far the planner may go.

    Tempo is natural over placed length. ``hard`` may be set up to 1.5. ``near_ms`` is the longest
    pause over which two lines of a speaker still count as neighbours.

    Raises:
        UsageError: The tempo limits are out of order or out of range.
    """

    floor: float = 0.88
    gentle: float = 1.06
    soft: float = 1.12
    hard: float = 1.35
    step: float = 0.15
    lag_ms: int = 150
    guard_same_ms: int = 80
    guard_other_ms: int = 50
    near_ms: int = 2000

    def __post_init__(self) -> None:
        if not 0.5 <= self.floor <= 1.0 <= self.gentle <= self.soft <= self.hard <= FASTEST:
            raise UsageError(
                "stages.tempo_limits",
                floor=self.floor,
                gentle=self.gentle,
                soft=self.soft,
                hard=self.hard,
            )


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Placing:
    """One line as the planner sees it.

    ``start_ms`` and ``end_ms`` are the source's. ``natural_ms`` is the take's trimmed length, 0
    where there is none yet. Lines marked ``original`` are heard and keep their span, but are not
    placed; ``mute`` ones are not there. Whether the text is locked is no matter of timing.
    """

    id: int
    start_ms: int
    end_ms: int
    speaker: str
    natural_ms: int = 0
    audio_mode: AudioMode = "tts"


def plan(
    lines: Sequence[Placing],
    film_ms: int,
    limits: Limits = LIMITS,
    *,
    kept: Mapping[int, Fit] | None = None,
) -> dict[int, Fit]:
    """Place all lines that have a take.

    Args:
        lines: In any order, ids unique.
        film_ms: Length of the film.
        limits: How far to go.
        kept: Fits of an earlier plan that shall stay, by line id. The others are placed between
            them. One that a line of the same speaker now runs into is placed anew all the same.

    Returns:
        Fits by line id, in order of the source. ``slot_ms`` runs from the source's start to the
        end of the room, so it depends on no take. ``state`` is overflow if ``overflow_ms`` is
        above 0, tight if the tempo is above ``soft`` or the lag above ``lag_ms``.
    """
    stay = {line.id: kept[line.id] for line in lines if line.id in kept} if kept else {}
    while True:
        score = _Score([_as_kept(line, stay) for line in lines], film_ms, limits)
        fits = dict(_place(score, stay))
        _even_out(score, fits)
        fits |= stay
        hit = _colliding(lines, fits) & stay.keys()
        if not hit:
            return {line.id: fits[line.id] for line in _ordered(lines) if line.id in fits}
        stay = {line_id: fit for line_id, fit in stay.items() if line_id not in hit}


def slots(lines: Sequence[Placing], film_ms: int, limits: Limits = LIMITS) -> dict[int, int]:
    """Tell the room of every heard line in ms, before anything is spoken or even translated."""
    score = _Score(lines, film_ms, limits)
    return {
        line.id: max(0, room_ms - line.start_ms)
        for line, room_ms in zip(score.lines, score.room_ends_ms, strict=True)
    }


class _Score:
    """Heard lines in order of their start, with what bounds each of them."""

    def __init__(self, lines: Sequence[Placing], film_ms: int, limits: Limits) -> None:
        heard = (line for line in lines if line.audio_mode != "mute")
        self.lines = _ordered(heard)
        self.film_ms = film_ms
        self.limits = limits
        self._starts_ms = [line.start_ms for line in self.lines]
        self._next_same = _next_of_same_speaker(self.lines)
        self._next_change = _next_change_of_speaker(self.lines)
        self._crossed = _crossed_at_end(self.lines)
        places = range(len(self.lines))
        none_ms = [0] * len(self.lines)
        self.room_ends_ms = [self._bound_ms(index, none_ms) for index in places]
        self.spares_ms = [self._spare_ms(index) for index in places]
        self.granted_ends_ms = [
            self._bound_ms(index, self.spares_ms, longer_ms=limits.lag_ms) for index in places
        ]

    def _bound_ms(self, index: int, spares_ms: Sequence[int], longer_ms: int = 0) -> int:
        """Latest end of a line, if later lines may start later by what they can spare.

        ``longer_ms`` is how much longer it may sound together with a line it overlaps anyway.
        """
        line, limits = self.lines[index], self.limits
        bound_ms = self.film_ms
        same = self._next_same[index]
        if same is not None:
            start_ms = self.lines[same].start_ms + spares_ms[same]
            bound_ms = min(bound_ms, start_ms - limits.guard_same_ms)
        if self._crossed[index]:
            return min(bound_ms, line.end_ms + longer_ms)
        other = self._next_other(index)
        if other is not None:
            guard_ms = _guard_other_ms(line.end_ms, self.lines[other].start_ms, limits)
            bound_ms = min(bound_ms, self.lines[other].start_ms + spares_ms[other] - guard_ms)
        return bound_ms

    def _next_other(self, index: int) -> int | None:
        """First line of another speaker that starts when this one has ended."""
        line = self.lines[index]
        found = bisect_left(self._starts_ms, line.end_ms)
        if found < len(self.lines) and self.lines[found].speaker == line.speaker:
            found = self._next_change[found]
        return found if found < len(self.lines) else None

    def _spare_ms(self, index: int) -> int:
        """By how much a line can start later and still need no more than the soft tempo."""
        line = self.lines[index]
        if line.audio_mode != "tts":
            return 0
        room_ms = self.room_ends_ms[index] - line.start_ms
        shortest_ms = _shortest_ms(line.natural_ms, self.limits.soft)
        return max(0, min(self.limits.lag_ms, room_ms - shortest_ms))


def _ordered(lines: Iterable[Placing]) -> list[Placing]:
    return sorted(lines, key=lambda line: (line.start_ms, line.end_ms, line.id))


def _as_kept(line: Placing, stay: Mapping[int, Fit]) -> Placing:
    """See a line that stays as one that is heard where it is and cannot be moved."""
    fit = stay.get(line.id)
    if fit is None:
        return line
    return replace(line, start_ms=fit.start_ms, end_ms=fit.end_ms, audio_mode="original")


def _colliding(lines: Sequence[Placing], fits: Mapping[int, Fit]) -> set[int]:
    """Find lines that sound at the same time as another one of their speaker."""
    found: set[int] = set()
    last: dict[str, int] = {}
    placed = [line for line in lines if line.id in fits]
    for line in sorted(placed, key=lambda line: (fits[line.id].start_ms, line.id)):
        before = last.get(line.speaker)
        if before is not None and fits[line.id].start_ms < fits[before].end_ms:
            found |= {before, line.id}
        if before is None or fits[line.id].end_ms > fits[before].end_ms:
            last[line.speaker] = line.id
    return found


def _place(score: _Score, stay: Mapping[int, Fit]) -> Iterator[tuple[int, Fit]]:
    """Place the lines one after the other, each as slow as its bounds allow."""
    last: dict[str, tuple[int, int]] = {}
    for index, line in enumerate(score.lines):
        if line.id in stay:
            _keep(line, last)
        if line.audio_mode != "tts" or line.natural_ms <= 0:
            continue
        start_ms = _onset_ms(line, last, spare_ms=score.spares_ms[index], limits=score.limits)
        end_ms = start_ms + _length_ms(
            line,
            start_ms,
            room_end_ms=score.room_ends_ms[index],
            granted_end_ms=score.granted_ends_ms[index],
            limits=score.limits,
        )
        last[line.speaker] = (line.end_ms, end_ms)
        yield line.id, _fit(score, index, start_ms, end_ms)


def _keep(line: Placing, last: dict[str, tuple[int, int]]) -> None:
    """Note where a line of an earlier plan ends."""
    _, end_ms = last.get(line.speaker, (0, 0))
    last[line.speaker] = (line.end_ms, max(end_ms, line.end_ms))


def _onset_ms(
    line: Placing, last: dict[str, tuple[int, int]], *, spare_ms: int, limits: Limits
) -> int:
    """Find where a line starts, given source end and dub end of each speaker's last line."""
    start_ms = line.start_ms
    for speaker, (source_end_ms, end_ms) in last.items():
        if speaker == line.speaker:
            start_ms = max(start_ms, end_ms + limits.guard_same_ms)
        elif source_end_ms <= line.start_ms:
            guard_ms = _guard_other_ms(source_end_ms, line.start_ms, limits)
            start_ms = max(start_ms, min(end_ms + guard_ms, line.start_ms + spare_ms))
    return start_ms


def _length_ms(
    line: Placing, start_ms: int, *, room_end_ms: int, granted_end_ms: int, limits: Limits
) -> int:
    """Choose the placed length of a line that starts at ``start_ms``."""
    natural_ms = line.natural_ms
    room_ms = room_end_ms - start_ms
    source_ms = min(line.end_ms, room_end_ms) - start_ms
    if natural_ms <= room_ms:
        wanted_ms = max(_shortest_ms(natural_ms, limits.gentle), source_ms)
    else:
        eased_ms = _shortest_ms(natural_ms, limits.soft)
        wanted_ms = max(room_ms, min(eased_ms, granted_end_ms - start_ms))
    longest_ms = _longest_ms(natural_ms, limits.floor)
    return max(min(wanted_ms, longest_ms), _shortest_ms(natural_ms, limits.hard))


def _fit(score: _Score, index: int, start_ms: int, end_ms: int) -> Fit:
    line, limits = score.lines[index], score.limits
    lag_ms = start_ms - line.start_ms
    past_ms = end_ms - score.granted_ends_ms[index]
    tempo = _tempo(line.natural_ms, end_ms - start_ms)
    return Fit(
        start_ms=start_ms,
        end_ms=end_ms,
        natural_ms=line.natural_ms,
        slot_ms=max(0, score.room_ends_ms[index] - line.start_ms),
        tempo=tempo,
        lag_ms=lag_ms,
        overflow_ms=max(0, min(past_ms, end_ms - start_ms)),
        state=_state(past_ms, strained=tempo > limits.soft or lag_ms > limits.lag_ms),
    )


def _state(past_ms: int, *, strained: bool) -> FitState:
    if past_ms > 0:
        return "overflow"
    return "tight" if strained else "fits"


def _even_out(score: _Score, fits: dict[int, Fit]) -> None:
    """Speed up lines that are much slower than a neighbour of the same speaker.

    Such a line ends within its room and is placed below ``soft``, so nobody waits for its end:
    making it shorter moves no other line.
    """
    by_speaker: dict[str, list[int]] = {}
    for line in score.lines:
        if line.id in fits:
            by_speaker.setdefault(line.speaker, []).append(line.id)
    for ids in by_speaker.values():
        _even_out_along(ids, fits, score.limits)
        _even_out_along(ids[::-1], fits, score.limits)


def _even_out_along(ids: Sequence[int], fits: dict[int, Fit], limits: Limits) -> None:
    for before, here in pairwise(ids):
        fit, neighbour = fits[here], fits[before]
        wanted = min(limits.soft, neighbour.tempo - limits.step)
        if fit.tempo < wanted and _pause_ms(fit, neighbour) <= limits.near_ms:
            fits[here] = _sped_up(fit, wanted)


def _pause_ms(one: Fit, other: Fit) -> int:
    return max(one.start_ms, other.start_ms) - min(one.end_ms, other.end_ms)


def _sped_up(fit: Fit, tempo: float) -> Fit:
    length_ms = _shortest_ms(fit.natural_ms, tempo)
    return replace(fit, end_ms=fit.start_ms + length_ms, tempo=_tempo(fit.natural_ms, length_ms))


def _next_of_same_speaker(lines: Sequence[Placing]) -> list[int | None]:
    found: list[int | None] = [None] * len(lines)
    latest: dict[str, int] = {}
    for index in reversed(range(len(lines))):
        found[index] = latest.get(lines[index].speaker)
        latest[lines[index].speaker] = index
    return found


def _next_change_of_speaker(lines: Sequence[Placing]) -> list[int]:
    """For each line, the index of the first later one with another speaker."""
    found = [len(lines)] * len(lines)
    for index in reversed(range(len(lines) - 1)):
        same = lines[index].speaker == lines[index + 1].speaker
        found[index] = found[index + 1] if same else index + 1
    return found


def _crossed_at_end(lines: Sequence[Placing]) -> list[bool]:
    """For each line, whether another speaker's line runs across its source end.

    Lines are swept in order of their ends. Of the lines begun before an end, the latest end and
    the latest one of any other speaker are enough to know.
    """
    crossed = [False] * len(lines)
    longest: dict[str, int] = {}
    begun = 0
    for index in sorted(range(len(lines)), key=lambda place: lines[place].end_ms):
        line = lines[index]
        while begun < len(lines) and lines[begun].start_ms < line.end_ms:
            known_ms = longest.get(lines[begun].speaker, 0)
            longest[lines[begun].speaker] = max(known_ms, lines[begun].end_ms)
            begun += 1
        crossed[index] = any(
            end_ms > line.end_ms for speaker, end_ms in longest.items() if speaker != line.speaker
        )
    return crossed


def _guard_other_ms(source_end_ms: int, start_ms: int, limits: Limits) -> int:
    """Pause kept before another speaker: not more than the source itself had."""
    return min(limits.guard_other_ms, start_ms - source_end_ms)


def _shortest_ms(natural_ms: int, tempo: float) -> int:
    """Shortest length that does not exceed a tempo."""
    return -(-natural_ms * 1000 // round(tempo * 1000))


def _longest_ms(natural_ms: int, tempo: float) -> int:
    """Longest length that does not fall below a tempo, at least 1 ms."""
    return max(1, natural_ms * 1000 // round(tempo * 1000))


def _tempo(natural_ms: int, length_ms: int) -> float:
    return round(natural_ms / length_ms, 4)
