"""Numbers in words, English and Spanish, so that ``21`` and ``twenty-one`` compare equal."""

import re
import unicodedata
from functools import cache

_EN_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_EN_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_ES_SMALL = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciseis diecisiete dieciocho diecinueve veinte veintiuno veintidos veintitres "
    "veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve"
).split()
_ES_TENS = "cero diez veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_ES_HUNDREDS = (
    "cero ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos "
    "ochocientos novecientos"
).split()

_LONGEST = 4
_SMALLEST = 2


def plain_tokens(text: str) -> list[str]:
    """Split a text into lower-case words and numbers, without accents and punctuation."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in folded if not unicodedata.combining(sign))
    joined = re.sub(r"(?<=\d)[.,](?=\d{3}\b)", "", bare)
    return re.findall(r"[^\W_]+", re.sub(r"['\u2019]", "", joined))


def english_words(number: int) -> list[str]:
    """Spell 0 to 999,999 as it is said, without "and"."""
    if number >= 1000:
        rest = english_words(number % 1000) if number % 1000 else []
        return [*english_words(number // 1000), "thousand", *rest]
    if number >= 100:
        rest = english_words(number % 100) if number % 100 else []
        return [_EN_SMALL[number // 100], "hundred", *rest]
    if number < len(_EN_SMALL):
        return [_EN_SMALL[number]]
    return [_EN_TENS[number // 10], *([_EN_SMALL[number % 10]] if number % 10 else [])]


def spanish_words(number: int) -> list[str]:
    """Spell 0 to 999 without accents, masculine."""
    if number == 100:
        return ["cien"]
    if number >= 100:
        rest = spanish_words(number % 100) if number % 100 else []
        return [_ES_HUNDREDS[number // 100], *rest]
    if number < len(_ES_SMALL):
        return [_ES_SMALL[number]]
    return [_ES_TENS[number // 10], *(["y", _ES_SMALL[number % 10]] if number % 10 else [])]


def numbers_in(text: str, language: str) -> list[int]:
    """Find the numbers of a text, in digits, or in words in English and Spanish.

    The words for 0 and 1 are left out: "one" and "un" are mostly no numbers. Ordinals are
    words, not numbers.
    """
    tokens, found, at = plain_tokens(text), [], 0
    known = _phrases(language)
    while at < len(tokens):
        if tokens[at].isdecimal():
            found.append(int(tokens[at]))
            at += 1
            continue
        length = _longest_phrase(tokens, at, known)
        if length:
            found.append(known[tuple(tokens[at : at + length])])
        at += length or 1
    return found


def _longest_phrase(tokens: list[str], at: int, known: dict[tuple[str, ...], int]) -> int:
    for length in range(_LONGEST, 0, -1):
        if tuple(tokens[at : at + length]) in known:
            return length
    return 0


@cache
def _phrases(language: str) -> dict[tuple[str, ...], int]:
    spell = {"en": english_words, "es": spanish_words}.get(language)
    if spell is None:
        return {}
    phrases = {tuple(spell(number)): number for number in range(_SMALLEST, 1000)}
    if language == "es":
        feminine = {
            tuple(re.sub("cientos$", "cientas", word) for word in phrase): number
            for phrase, number in phrases.items()
        }
        phrases = {**feminine, **phrases}
    return phrases
