"""Keeps what must not be translated out of a translator's reach, and puts it back.

Apertium passes text in square brackets ("superblanks" of its stream format) through unchanged
and in place. A glossary term, a number, an address or a symbol is swapped for ``[0]``, ``[1]``
and so on; numbers count within one line.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_ADDRESS = r"\S*(?:://|@|www\.)\S*[^\s,;:!?.)\]\"'»]"
_SYMBOLS = r"[<>{}\[\]^$/\\@~*#_|+=♪♫]+"
_NUMBER = r"\d+(?:[.,:]\d+)*"
_SENTENCE_START = re.compile(r"(?:^|[.!?\u2026])\W*$")
_PLACEHOLDER = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Protected:
    """A text with placeholders, and what belongs in their places."""

    text: str
    originals: tuple[str, ...] = field(default=())

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text between the placeholders, one more than there are placeholders."""
        return tuple(_PLACEHOLDER.split(self.text)[::2])


def protect(text: str, *, glossary: Mapping[str, str], numbers: bool = False) -> Protected:
    """Swap terms, addresses and symbols for placeholders, and numbers too if asked.

    A term is found as whole words, in any case; longer terms win over shorter ones.
    """
    wanted = {term.casefold(): target for term, target in glossary.items() if term.strip()}
    terms = sorted(wanted, key=len, reverse=True)
    guarded = [rf"(?<!\w){re.escape(term)}(?!\w)" for term in terms]
    pattern = "|".join([*guarded, _ADDRESS, _SYMBOLS, *([_NUMBER] if numbers else [])])
    originals: list[str] = []

    def swap(match: re.Match[str]) -> str:
        originals.append(wanted.get(match[0].casefold(), match[0]))
        return f"[{len(originals) - 1}]"

    return Protected(re.sub(pattern, swap, text, flags=re.IGNORECASE), tuple(originals))


def terms_in(text: str, glossary: Mapping[str, str]) -> Counter[str]:
    """Count the glossary terms of a text, as ``protect`` finds them."""
    if not glossary:
        return Counter()
    keys = {term.casefold(): term for term in glossary}
    return Counter(keys[match[0].casefold()] for match in _any_of(keys).finditer(text))


def replace_terms(
    text: str,
    counted: Mapping[str, int],
    *,
    alone: Mapping[str, str],
    glossary: Mapping[str, str],
) -> str | None:
    """Put the wanted words where a translator's own words for the terms came out.

    Args:
        text: The translation.
        counted: How often each term is in the source.
        alone: What the translator makes of each term by itself.
        glossary: The wanted words.

    Returns:
        The text with all terms as wanted; None if one came out otherwise, or if it is not
        certain which word is which.
    """
    wanted = {alone[term].casefold(): term for term in counted}
    if len(wanted) < len(counted) or "" in wanted:
        return None
    if not wanted:
        return text
    pattern = _any_of(wanted)
    found = Counter(wanted[match[0].casefold()] for match in pattern.finditer(text))
    if found != Counter(counted):
        return None

    def swap(match: re.Match[str]) -> str:
        word = glossary[wanted[match[0].casefold()]]
        starts = match[0][0].isupper() and _SENTENCE_START.search(text[: match.start()])
        return word[:1].upper() + word[1:] if starts else word

    return pattern.sub(swap, text)


def _any_of(terms: Iterable[str]) -> re.Pattern[str]:
    """Match any term as whole words, in any case; longer ones win."""
    longest_first = sorted(terms, key=len, reverse=True)
    guarded = (rf"(?<!\w){re.escape(term)}(?!\w)" for term in longest_first)
    return re.compile("|".join(guarded), re.IGNORECASE)


def is_whole(text: str, protected: Protected) -> bool:
    """Tell whether a translation has every placeholder once, and no other."""
    found = sorted(int(number) for number in _PLACEHOLDER.findall(text))
    return found == list(range(len(protected.originals)))


def restore(text: str, protected: Protected) -> str:
    """Put back what was swapped."""
    return _PLACEHOLDER.sub(lambda match: protected.originals[int(match[1])], text)


def rejoin(pieces: list[str]) -> str:
    """Put translated pieces together around the placeholders they were cut at."""
    joined = pieces[0]
    for number, piece in enumerate(pieces[1:]):
        joined += f" [{number}] {piece}"
    return joined


def digits(text: str) -> list[str]:
    """Give the runs of digits in a text, sorted; placeholders do not count."""
    return sorted(re.findall(r"\d+", _PLACEHOLDER.sub(" ", text)))
