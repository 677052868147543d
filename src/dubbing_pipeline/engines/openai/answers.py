"""Reads what a language model answered, and believes none of it before it is checked."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from dubbing_pipeline.engines.base import TranslationLine
from dubbing_pipeline.engines.placeholders import Protected, digits, is_whole, restore

_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_LONGEST_RATIO = 4
_LONGEST_FREE = 200
_SAME_TEXT = 25
"""From this length on, an answer equal to the question is no translation."""
_SCRIPT_SHARE = 0.5

_SCRIPTS: Mapping[str, str] = {
    **dict.fromkeys(("ru", "uk", "bg", "mk", "be", "kk", "tg", "mn"), "CYRILLIC"),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "sd"), "ARABIC"),
    **dict.fromkeys(("hi", "mr", "ne", "sa"), "DEVANAGARI"),
    **dict.fromkeys(("he", "yi"), "HEBREW"),
    "el": "GREEK",
    "ja": "CJK HIRAGANA KATAKANA",
    "zh": "CJK",
    "yue": "CJK",
    "ko": "HANGUL",
    "th": "THAI",
    "ka": "GEORGIAN",
    "hy": "ARMENIAN",
    "bn": "BENGALI",
    "ta": "TAMIL",
    "te": "TELUGU",
}
"""Scripts of languages that are not written in Latin letters, as Unicode names begin."""
_SEVERAL = frozenset({"sr", "sh", "uz", "az", "tt", "bs", "pa", "ha", "jw"})
"""Written in more than one script: not judged."""


class _Item(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=False)

    id: int
    short: str = ""
    normal: str = ""
    long: str = ""


def items(text: str) -> dict[int, tuple[str, ...]]:
    """Take the answered lines out of a model's text.

    Thoughts, code fences and chatter around the JSON are left out; of JSON that was cut off,
    the whole lines are taken. An id that comes twice is not believed at all.

    Returns:
        Texts by id, the normal one first, then short, then long; empty ones left out.
    """
    found = [_item(value) for value in _objects(_THOUGHTS.sub("", text))]
    believed = [item for item in found if item is not None]
    counted = Counter(item.id for item in believed)
    return {item.id: _texts(item) for item in believed if counted[item.id] == 1 and _texts(item)}


def _texts(item: _Item) -> tuple[str, ...]:
    texts = (" ".join(text.split()) for text in (item.normal, item.short, item.long))
    return tuple(dict.fromkeys(text for text in texts if text))


def _item(value: dict[str, Any]) -> _Item | None:
    try:
        return _Item.model_validate(value)
    except ValidationError:
        return None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Find every JSON object that has an id, however deep, in text of any kind."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            at = text.find("{", at + 1)
            continue
        yield from _with_id(value)
        at = text.find("{", end)


def _with_id(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "id" in value:
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _with_id(part)


def acceptable(
    texts: Iterable[str], line: TranslationLine, *, protected: Protected, languages: tuple[str, str]
) -> tuple[str, ...]:
    """Keep the texts that can be a translation of a line, terms and numbers put back.

    Args:
        texts: What was answered.
        line: What was asked.
        protected: The asked text with its placeholders; without any if none were used.
        languages: Source and target.
    """
    return tuple(
        restore(text, protected)
        for text in texts
        if _is_plausible(text, line.text, languages)
        and is_whole(text, protected)
        and digits(text) == digits(protected.text)
    )


def _is_plausible(text: str, source: str, languages: tuple[str, str]) -> bool:
    limit = max(_LONGEST_RATIO * len(source), _LONGEST_FREE)
    echoed = len(source) >= _SAME_TEXT and text.casefold() == source.casefold()
    return (
        len(text) <= limit
        and any(map(str.isalnum, text)) == any(map(str.isalnum, source))
        and not (echoed and languages[0] != languages[1])
        and is_in_script(text, languages[1])
    )


def is_in_script(text: str, language: str) -> bool:
    """Tell whether at least half of a text's letters are of its language's script.

    Between languages of one script nothing is decided here.
    """
    letters = [char for char in text if char.isalpha()]
    if not letters or language in _SEVERAL:
        return True
    wanted = tuple(_SCRIPTS.get(language, "LATIN").split())
    own = sum(unicodedata.name(char, "").startswith(wanted) for char in letters)
    return own >= _SCRIPT_SHARE * len(letters)


def has_terms(text: str, source: str, glossary: Mapping[str, str]) -> bool:
    """Tell whether each glossary term of the source has its translation in the text."""
    said = text.casefold()
    return all(
        target.casefold() in said
        for term, target in glossary.items()
        if re.search(rf"(?<!\w){re.escape(term)}(?!\w)", source, re.IGNORECASE)
    )
