"""Language codes as programs write them, turned into primary subtags."""

from babel.core import get_global

_SERBO_CROATIAN = {"hbs_BS": "bs", "hbs_HR": "hr", "hbs_SR": "sr", "hbs": "sh"}


def primary_subtag(code: str) -> str:
    """Turn ``spa``, ``spa_US``, ``es-419`` or ``en_GB`` into ``es`` or ``en``.

    Source: the language aliases of the Unicode CLDR, which map three-letter codes of ISO 639-2
    and -3 to the shortest form. Apertium's Serbo-Croatian variants are languages of their own.
    """
    if code in _SERBO_CROATIAN:
        return _SERBO_CROATIAN[code]
    language = code.replace("_", "-").split("-")[0].lower()
    alias = get_global("language_aliases").get(language, language)
    return str(alias).split("_")[0]
