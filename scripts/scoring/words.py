"""Word error rate, blind to case, punctuation and the spelling of numbers."""

import re
from dataclasses import dataclass

import jiwer

from scoring.numerals import english_words, plain_tokens


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Errors of a recognised text against the true one."""

    substituted: int
    deleted: int
    inserted: int
    words: int

    @property
    def rate(self) -> float:
        """Errors per word of the true text; can be above 1."""
        return (self.substituted + self.deleted + self.inserted) / self.words


def spoken_words(text: str, language: str = "en") -> list[str]:
    """Bring a text to the words one hears: ``$18`` and ``eighteen dollars`` become equal.

    Digits become words in English only; elsewhere they stay digits.
    """
    said = re.sub(r"\$\s?(\d[\d.,]*\d|\d)", r"\1 dollars", text)
    said = re.sub(r"(\d)\s?%", r"\1 percent", said)
    words: list[str] = []
    for token in plain_tokens(said):
        if language == "en" and token.isdecimal() and len(token) <= 6:
            words += english_words(int(token))
        else:
            words.append(token)
    return words


def word_errors(truth: str, heard: str, *, language: str = "en") -> WordErrors:
    """Count word errors by the shortest edit (Levenshtein over words).

    Raises:
        ValueError: The true text has no words.
    """
    expected = spoken_words(truth, language)
    if not expected:
        raise ValueError("the true text has no words")
    found = spoken_words(heard, language)
    if not found:
        return WordErrors(0, len(expected), 0, len(expected))
    counts = jiwer.process_words(" ".join(expected), " ".join(found))
    return WordErrors(counts.substitutions, counts.deletions, counts.insertions, len(expected))
