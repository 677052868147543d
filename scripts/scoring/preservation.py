"""What a translation must keep: every line's id, every number, every glossary term."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.numerals import numbers_in, plain_tokens


@dataclass(frozen=True, slots=True)
class Kept:
    """``missing`` names what was lost, one entry a loss, for a person to read."""

    kept: int
    total: int
    missing: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """1.0 also where there was nothing to keep."""
        return self.kept / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A line and its translation."""

    id: int
    source: str
    target: str


def ids_kept(expected: Sequence[int], found: Sequence[int]) -> Kept:
    """Check that each id is there once; an id too many counts as a loss as well."""
    lost = Counter(expected) - Counter(found)
    extra = Counter(found) - Counter(expected)
    missing = [f"id {number} is missing" for number in lost.elements()]
    missing += [f"id {number} was not asked for" for number in extra.elements()]
    total = len(expected) + extra.total()
    return Kept(total - len(missing), total, tuple(missing))


def numbers_kept(pairs: Sequence[Pair], *, source: str, target: str) -> Kept:
    """Check that each number of a line is in its translation, in digits or words.

    Args:
        pairs: Lines and translations.
        source: Language of the lines, a primary subtag.
        target: Language of the translations.
    """
    total, missing = 0, []
    for pair in pairs:
        wanted = Counter(numbers_in(pair.source, source))
        lost = wanted - Counter(numbers_in(pair.target, target))
        total += wanted.total()
        missing += [f"line {pair.id}: number {number}" for number in lost.elements()]
    return Kept(total - len(missing), total, tuple(missing))


def glossary_kept(pairs: Sequence[Pair], glossary: Mapping[str, str]) -> Kept:
    """Check that where a line has a glossary term, its translation has the wanted one.

    Terms are compared as whole words, blind to case and accents.
    """
    total, missing = 0, []
    for pair in pairs:
        for term, wanted in glossary.items():
            if not _has(pair.source, term):
                continue
            total += 1
            if not _has(pair.target, wanted):
                missing.append(f"line {pair.id}: {term} should be {wanted}")
    return Kept(total - len(missing), total, tuple(missing))


def _has(text: str, term: str) -> bool:
    words = f" {' '.join(plain_tokens(text))} "
    return f" {' '.join(plain_tokens(term))} " in words
