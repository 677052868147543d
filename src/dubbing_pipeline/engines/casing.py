"""Capitals and marks around a rule-based translator, which takes and gives them too literally.

Before: shouted lines become sentences, English ``i`` and names of days and months get the
capital by which the dictionary knows them. After: capitals that slipped into the middle of a
sentence go, spaces are set right, Spanish questions get their opening mark.
"""

import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_SENTENCE_START = re.compile(
    r"(?:^|[.!?\u2026:]\s+)[\"'\u201c\u2018\u00ab(\u00bf\u00a1\u2014\u2013-]*\s*$"
)
_SENTENCE = re.compile(r".*?[.!?\u2026]+[\"'\u201d\u2019\u00bb)]*(?:\s+|$)|.+$", re.DOTALL)
_OPENING = {"?": "\u00bf", "!": "\u00a1"}
_INVERTS = frozenset({"es", "ast"})
_AMBIGUOUS = frozenset({"may", "march", "mar", "sun", "sat", "wed"})


def prepare(text: str, language: str) -> str:
    """Give a source line the case that dictionaries expect."""
    text = " ".join(text.split())
    if _is_shouted(text):
        text = _sentence_case(text.lower())
    if language != "en":
        return text
    return _WORD.sub(_english_capital, text)


def _is_shouted(text: str) -> bool:
    words = [word for word in _WORD.findall(text) if len(word) > 1]
    return len(words) > 1 and all(word.isupper() for word in words)


def _sentence_case(text: str) -> str:
    return "".join(_upper_first(part) for part in _SENTENCE.findall(text))


def _english_capital(match: re.Match[str]) -> str:
    word = match[0]
    if word == "i" or word.startswith(("i'", "i\u2019")):
        return "I" + word[1:]
    if word.islower() and word not in _AMBIGUOUS and word in _calendar("en"):
        return word.capitalize()
    return word


def finish(text: str, *, source: str, source_language: str, target_language: str) -> str:
    """Set capitals, spaces and opening marks of a translated line right."""
    text = _spaced(text)
    if not _has_inner_capital(source, source_language):
        text = _lower_strays(text, source, target_language)
    if _starts_upper(source):
        text = _upper_first(text)
    if target_language in _INVERTS:
        text = "".join(_inverted(part) for part in _SENTENCE.findall(text))
    return text


def _spaced(text: str) -> str:
    text = " ".join(text.split())
    text = re.sub(r"\s+([,.;:!?\u2026)\u00bb\u201d])", r"\1", text)
    return re.sub(r"([\u00bf\u00a1(\u00ab\u201c])\s+", r"\1", text)


def _has_inner_capital(text: str, language: str) -> bool:
    """Tell whether a word inside a sentence is a name, by its capital."""
    for match in _WORD.finditer(text):
        word = match[0]
        expected = language == "en" and ((word[0] == "I" and len(word) < 5) or _is_calendar(word))
        if word[0].isupper() and not expected and not _SENTENCE_START.search(text[: match.start()]):
            return True
    return False


def _lower_strays(text: str, source: str, language: str) -> str:
    capitals = (word for word in _WORD.findall(source) if not word.islower())
    known = {part.casefold() for word in capitals for part in (word, *re.split("['\u2019]", word))}

    def lower(match: re.Match[str]) -> str:
        word = match[0]
        is_stray = (
            word[0].isupper()
            and not (len(word) > 1 and word.isupper())
            and word != "I"
            and not word.startswith(("I'", "I\u2019"))
            and word.casefold() not in known | _names(language)
            and not _SENTENCE_START.search(text[: match.start()])
        )
        return word.lower() if is_stray else word

    return _WORD.sub(lower, text)


def _inverted(sentence: str) -> str:
    """Open a Spanish question or exclamation, unless it is open already."""
    stripped = sentence.rstrip(" \"'\u201d\u2019\u00bb)")
    mark = stripped[-1:]
    if mark not in _OPENING or _OPENING[mark] in sentence:
        return sentence
    first = re.search(r"[^\s\"'\u201c\u2018\u00ab(\u2014\u2013-]", sentence)
    at = first.start() if first else 0
    return sentence[:at] + _OPENING[mark] + sentence[at:]


def _starts_upper(text: str) -> bool:
    first = _WORD.search(text)
    return first is not None and first[0][0].isupper()


def _upper_first(text: str) -> str:
    first = _WORD.search(text)
    if first is None or re.search(r"\d|\[", text[: first.start()]):
        return text
    at = first.start()
    return text[:at] + text[at].upper() + text[at + 1 :]


def _is_calendar(word: str) -> bool:
    return word.casefold() in _calendar("en")


@lru_cache(maxsize=64)
def _calendar(language: str) -> frozenset[str]:
    """Names of days and months, from CLDR, casefolded."""
    locale = _locale(language)
    if locale is None:
        return frozenset()
    days = locale.days["format"]["wide"].values()
    months = locale.months["format"]["wide"].values()
    return frozenset(name.casefold() for name in [*days, *months])


@lru_cache(maxsize=64)
def _names(language: str) -> frozenset[str]:
    """Words a language writes with a capital: countries, and in English languages and days."""
    locale = _locale(language)
    if locale is None:
        return frozenset()
    names = [name for code, name in locale.territories.items() if code.isalpha()]
    if language == "en":
        peoples = list(locale.languages.values())
        names += [*peoples, *(f"{name}s" for name in peoples), *_calendar("en")]
    return frozenset(word.casefold() for name in names for word in _WORD.findall(name))


def _locale(language: str) -> Locale | None:
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return None
