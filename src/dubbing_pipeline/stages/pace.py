"""How long a text takes to say, and which of several texts fits best. Pure."""

import math
import re
from collections.abc import Sequence
from statistics import median

CHARACTERS_PER_SECOND = {
    "ar": 12.0,
    "cs": 13.0,
    "de": 14.0,
    "en": 15.0,
    "es": 15.5,
    "fr": 15.0,
    "hi": 17.0,
    "it": 15.0,
    "ja": 10.0,
    "ko": 10.0,
    "pl": 13.0,
    "pt": 15.0,
    "ru": 13.0,
    "tr": 12.0,
    "zh": 6.0,
}
"""Speaking rates by primary subtag, spaces counted; a start until ``calibrate`` knows better."""

DEFAULT_CHARACTERS_PER_SECOND = 14.0
ENOUGH_LINES = 3
"""Spoken lines of a voice after which its own rate replaces the table's."""

EXEMPT_MS = 1000
"""Below this room a line's text is not chosen by length: "Yes." is "Yes."."""

NEAR_ENOUGH = 0.10
"""Lengths within a tenth keep a natural pace (isometric translation, arXiv 2112.08682)."""

_DIGIT_CHARACTERS = 5
"""A digit is said as a word: "seven", "siete"."""

_LETTER_CHARACTERS = 3
"""A letter of an acronym is said by its name: "ef", "erre"."""

_ACRONYM = re.compile(r"\b[A-Z]{2,5}\b")


def spoken_characters(text: str) -> int:
    """Count characters as they are said: digits and acronyms spelled out, spaces single."""
    plain = " ".join(text.split())
    digits = sum(character.isdigit() for character in plain)
    letters = sum(len(found) for found in _ACRONYM.findall(plain)) if plain.upper() != plain else 0
    return len(plain) + digits * (_DIGIT_CHARACTERS - 1) + letters * (_LETTER_CHARACTERS - 1)


def characters_per_second(language: str) -> float:
    """Give the usual speaking rate of a language by its tag."""
    primary = language.split("-", maxsplit=1)[0].lower()
    return CHARACTERS_PER_SECOND.get(primary, DEFAULT_CHARACTERS_PER_SECOND)


def estimate_ms(text: str, language: str, rate: float | None = None) -> int:
    """Estimate how long a text takes to say at natural tempo.

    Args:
        text: What is said.
        language: Its language tag.
        rate: Characters a second of the voice, from ``calibrate``; None takes the language's.
    """
    return round(spoken_characters(text) * 1000 / (rate or characters_per_second(language)))


def calibrate(observations: Sequence[tuple[str, int]]) -> float | None:
    """Learn the rate of a voice from what it has said.

    Args:
        observations: Texts and the trimmed natural lengths of their takes in ms, of one voice.

    Returns:
        The median of characters a second, or None before three lines are known.
    """
    rates = [spoken_characters(text) * 1000 / ms for text, ms in observations if ms > 0]
    return round(median(rates), 3) if len(rates) >= ENOUGH_LINES else None


def choose_variant(
    texts: Sequence[str], *, language: str, source_ms: int, room_ms: int, rate: float | None = None
) -> int:
    """Pick the text whose length asks for the least change of tempo.

    A text has the right length if it takes no less than the source line and no more than the
    room of the dub. Texts within a tenth of that count as equal, and the first of equals wins:
    the translator gives its best first. Not to be asked for locked lines.

    Args:
        texts: At least one, best first.
        language: Of the texts.
        source_ms: Length of the source line.
        room_ms: Room of the dub, see ``timing.slots``.
        rate: Characters a second of the voice, None for the language's.

    Returns:
        An index into ``texts``.
    """
    if room_ms < EXEMPT_MS:
        return 0
    misfits = [misfit(estimate_ms(text, language, rate), source_ms, room_ms) for text in texts]
    return min(range(len(texts)), key=lambda index: (_graded(misfits[index]), index))


def misfit(spoken_ms: int, source_ms: int, room_ms: int) -> float:
    """Tell how far a length is from right: log of the needed tempo, above 0 for too long."""
    if spoken_ms <= 0:
        return -math.inf
    longest_ms = max(1, room_ms)
    if spoken_ms > longest_ms:
        return math.log(spoken_ms / longest_ms)
    shortest_ms = min(source_ms, longest_ms)
    return min(0.0, math.log(spoken_ms / max(1, shortest_ms)))


def _graded(value: float) -> float:
    return 0.0 if abs(value) <= NEAR_ENOUGH else abs(value)
