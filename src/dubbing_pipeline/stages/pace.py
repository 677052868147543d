"""How fast a language is spoken. Pure."""

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
"""Speaking rates by primary subtag, spaces counted."""

DEFAULT_CHARACTERS_PER_SECOND = 14.0


def characters_per_second(language: str) -> float:
    """Give the usual speaking rate of a language by its tag."""
    primary = language.split("-", maxsplit=1)[0].lower()
    return CHARACTERS_PER_SECOND.get(primary, DEFAULT_CHARACTERS_PER_SECOND)
