"""Regrouping of recognised words into lines as they are said: breath groups. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dubbing_pipeline.model.speech import Word

_SENTENCE_ENDS = ".!?…。！？؟।"  # noqa: RUF001 - the marks of other scripts
_CLAUSE_ENDS = ",;:—–،、，；："  # noqa: RUF001
_CLOSING = "\"'»”’)]"  # noqa: RUF001
_ABBREVIATIONS = frozenset(
    ("bzw", "dr", "dra", "jr", "mme", "mr", "mrs", "ms", "nr", "prof", "sr", "sra", "srta", "st")
)
_COMMA_MS = 200
"""What a comma adds to a pause when a line that is too long looks for its best break."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Where lines break.

    A pause of ``pause_ms`` or more, a sentence's end and a change of speaker break. A group
    shorter than ``min_ms`` joins a neighbour of the same speaker over a pause below ``join_ms``.
    One longer than ``max_ms`` breaks at its longest pause.
    """

    pause_ms: int = 300
    join_ms: int = 700
    min_ms: int = 1000
    max_ms: int = 8000


BOUNDARIES = Boundaries()


def regroup(
    words: Sequence[Word],
    *,
    speakers: Sequence[str] | None = None,
    boundaries: Boundaries = BOUNDARIES,
) -> tuple[tuple[Word, ...], ...]:
    """Group words into lines; every word is kept, in order, with its times.

    Args:
        words: In order of their start.
        speakers: One name a word, or None if nobody knows yet.
        boundaries: Where to break.

    Returns:
        Groups in order, none empty, none with words of two speakers. No group is longer than
        ``max_ms``, but for a single word that is.
    """
    if not words:
        return ()
    names = [""] * len(words) if speakers is None else list(speakers)
    cuts = [index for index in range(1, len(words)) if _breaks(words, names, index, boundaries)]
    spans = _join_short(words, names, cuts, boundaries)
    pieces = [piece for span in spans for piece in _split_long(words, *span, boundaries)]
    return tuple(tuple(words[first:last]) for first, last in pieces)


def ends_sentence(text: str) -> bool:
    """Tell whether a word ends a sentence; "Dr." and "J." do not."""
    bare = text.strip().rstrip(_CLOSING)
    if not bare or bare[-1] not in _SENTENCE_ENDS:
        return False
    stem = bare.rstrip(_SENTENCE_ENDS).lstrip("¿¡(\"'«“‘")  # noqa: RUF001
    initial = len(stem) == 1 and stem.isupper() and stem != "I"
    return bare[-1] != "." or not (initial or stem.lower() in _ABBREVIATIONS)


def _breaks(words: Sequence[Word], names: Sequence[str], index: int, limits: Boundaries) -> bool:
    return (
        names[index] != names[index - 1]
        or _pause_ms(words, index) >= limits.pause_ms
        or ends_sentence(words[index - 1].text)
    )


def _pause_ms(words: Sequence[Word], index: int) -> int:
    return words[index].start_ms - words[index - 1].end_ms


def _length_ms(words: Sequence[Word], first: int, last: int) -> int:
    return words[last - 1].end_ms - words[first].start_ms


def _join_short(
    words: Sequence[Word], names: Sequence[str], cuts: Sequence[int], limits: Boundaries
) -> list[tuple[int, int]]:
    """Drop cuts beside groups that are too short, the shortest pause first."""
    edges = [0, *cuts, len(words)]
    before = {last: first for first, last in pairwise(edges)}
    after = dict(pairwise(edges))
    for cut in sorted(cuts, key=lambda index: (_pause_ms(words, index), index)):
        first, last = before[cut], after[cut]
        short = min(_length_ms(words, first, cut), _length_ms(words, cut, last)) < limits.min_ms
        one_voice = names[cut] == names[cut - 1]
        near = _pause_ms(words, cut) < limits.join_ms
        if short and one_voice and near and _length_ms(words, first, last) <= limits.max_ms:
            after[first], before[last] = last, first
    return list(_walk(after, len(words)))


def _walk(after: dict[int, int], end: int) -> Iterator[tuple[int, int]]:
    first = 0
    while first < end:
        yield first, after[first]
        first = after[first]


def _split_long(
    words: Sequence[Word], first: int, last: int, limits: Boundaries
) -> Iterator[tuple[int, int]]:
    """Break a span at its best places until no piece is too long."""
    waiting = [(first, last)]
    while waiting:
        begin, end = waiting.pop()
        if _length_ms(words, begin, end) <= limits.max_ms or end - begin == 1:
            yield begin, end
            continue
        cut = _best_cut(words, begin, end, limits)
        waiting += [(cut, end), (begin, cut)]


def _best_cut(words: Sequence[Word], begin: int, end: int, limits: Boundaries) -> int:
    """Longest pause that leaves no short piece, a comma counting as a pause; else any longest."""
    middle_ms = (words[begin].start_ms + words[end - 1].end_ms) // 2

    def rank(cut: int) -> tuple[bool, int, int, int]:
        shorter = min(_length_ms(words, begin, cut), _length_ms(words, cut, end))
        comma = words[cut - 1].text.strip()[-1:] in _CLAUSE_ENDS
        pause_ms = _pause_ms(words, cut) + (_COMMA_MS if comma else 0)
        return shorter >= limits.min_ms, pause_ms, -abs(words[cut].start_ms - middle_ms), -cut

    return max(range(begin + 1, end), key=rank)
