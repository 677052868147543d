"""Language tags of files: ISO 639-2 with three letters there, primary subtags of BCP 47 here."""

import re

from babel.core import get_global

_THREE_LETTERS = dict(
    pair.split(":")
    for pair in [
        "af:afr",
        "am:amh",
        "ar:ara",
        "as:asm",
        "az:aze",
        "be:bel",
        "bg:bul",
        "bn:ben",
        "br:bre",
        "bs:bos",
        "ca:cat",
        "cs:ces",
        "cy:cym",
        "da:dan",
        "de:deu",
        "el:ell",
        "en:eng",
        "eo:epo",
        "es:spa",
        "et:est",
        "eu:eus",
        "fa:fas",
        "fi:fin",
        "fo:fao",
        "fr:fra",
        "fy:fry",
        "ga:gle",
        "gd:gla",
        "gl:glg",
        "gu:guj",
        "ha:hau",
        "he:heb",
        "hi:hin",
        "hr:hrv",
        "ht:hat",
        "hu:hun",
        "hy:hye",
        "ia:ina",
        "id:ind",
        "ig:ibo",
        "is:isl",
        "it:ita",
        "ja:jpn",
        "jv:jav",
        "ka:kat",
        "kk:kaz",
        "km:khm",
        "kn:kan",
        "ko:kor",
        "ku:kur",
        "ky:kir",
        "la:lat",
        "lb:ltz",
        "ln:lin",
        "lo:lao",
        "lt:lit",
        "lv:lav",
        "mg:mlg",
        "mi:mri",
        "mk:mkd",
        "ml:mal",
        "mn:mon",
        "mr:mar",
        "ms:msa",
        "mt:mlt",
        "my:mya",
        "nb:nob",
        "ne:nep",
        "nl:nld",
        "nn:nno",
        "no:nor",
        "oc:oci",
        "pa:pan",
        "pl:pol",
        "ps:pus",
        "pt:por",
        "qu:que",
        "rm:roh",
        "ro:ron",
        "ru:rus",
        "sa:san",
        "sc:srd",
        "sd:snd",
        "si:sin",
        "sk:slk",
        "sl:slv",
        "sm:smo",
        "sn:sna",
        "so:som",
        "sq:sqi",
        "sr:srp",
        "st:sot",
        "su:sun",
        "sv:swe",
        "sw:swa",
        "ta:tam",
        "te:tel",
        "tg:tgk",
        "th:tha",
        "tk:tuk",
        "tl:tgl",
        "tn:tsn",
        "tr:tur",
        "tt:tat",
        "ug:uig",
        "uk:ukr",
        "ur:urd",
        "uz:uzb",
        "vi:vie",
        "wo:wol",
        "xh:xho",
        "yi:yid",
        "yo:yor",
        "zh:zho",
        "zu:zul",
    ]
)
"""ISO 639-1 to ISO 639-2/T (the terminological code)."""

_BIBLIOGRAPHIC = dict(
    pair.split(":")
    for pair in [
        "bod:tib",
        "ces:cze",
        "cym:wel",
        "deu:ger",
        "ell:gre",
        "eus:baq",
        "fas:per",
        "fra:fre",
        "hye:arm",
        "isl:ice",
        "kat:geo",
        "mkd:mac",
        "mri:mao",
        "msa:may",
        "mya:bur",
        "nld:dut",
        "ron:rum",
        "slk:slo",
        "sqi:alb",
        "zho:chi",
    ]
)
"""The twenty codes whose ISO 639-2/B form differs; Matroska asks for that one."""

_TWO_LETTERS = {long: short for short, long in _THREE_LETTERS.items()} | {
    _BIBLIOGRAPHIC[long]: short for short, long in _THREE_LETTERS.items() if long in _BIBLIOGRAPHIC
}

_UNTOLD = frozenset({"", "mis", "mul", "und", "zxx", "qaa"})
_PRIMARY = re.compile(r"[a-z]{2,3}")


def primary_subtag(tag: str) -> str:
    """Read a language tag of a file: ``eng``, ``ger``, ``pt-BR``, ``es_419``.

    Returns:
        The shortest primary subtag (``en``, ``de``, ``pt``, ``es``, ``ast``), or "" where the
        tag tells no language.
    """
    first = re.split(r"[-_]", tag.strip().lower())[0]
    if first in _UNTOLD or not _PRIMARY.fullmatch(first):
        return ""
    if first in _TWO_LETTERS:
        return _TWO_LETTERS[first]
    known: str = get_global("language_aliases").get(first, first)
    return known.split("_", maxsplit=1)[0]


def file_tag(language: str, *, bibliographic: bool = False) -> str:
    """Write a primary subtag as the three letters that files carry.

    Args:
        language: A primary subtag, with or without region.
        bibliographic: Give ISO 639-2/B (Matroska) instead of /T (MP4).

    Returns:
        ``und`` where no three-letter code is known.
    """
    primary = primary_subtag(language)
    long = _THREE_LETTERS.get(primary, primary if len(primary) == 3 else "und")
    return _BIBLIOGRAPHIC.get(long, long) if bibliographic else long
