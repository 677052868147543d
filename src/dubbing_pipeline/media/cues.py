"""Subtitle cues as values: who says what, when, and what of it is speech."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

_SUNG = "♪♫♬🎵🎶"
_NOTE = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
_BRACKET_NAME = re.compile(r"\[\s*([^\W\d_a-z][^\[\]]{0,31}?)\s*\]:?\s+(?=\S)")
_COLON_NAME = re.compile(r"([^\W\d_][^:\n\[\]<>]{0,31}?)\s*:\s+(?=\S)")
_CAPITALS = re.compile(r"[^a-z]*[^\W\d_][^a-z]*")
_DASH = re.compile(r"\s*[-\u2010-\u2015]\s*(?=\S)")


@dataclass(frozen=True, slots=True)
class Cue:
    """One piece of text on the screen; times in milliseconds, lines parted by line ends.

    ``row`` is the line of the file it stands on, counted from 1, or 0 if it is from no file.
    """

    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""
    row: int = 0

    @property
    def spoken(self) -> str:
        """What a voice says: one line, without notes in brackets; empty for songs and noises."""
        if self.text.strip()[:1] in tuple(_SUNG):
            return ""
        words = " ".join(_NOTE.sub(" ", self.text).split())
        return words if any(letter.isalnum() for letter in words) else ""


def name_speakers(cues: Sequence[Cue]) -> list[Cue]:
    """Take speakers' names out of the text: ``ANNA: hola``, ``Anna: hola``, ``[Anna] hola``.

    A word before a colon is a name if it is all capitals, or if it is written like a name and
    at least two cues, or half of all, begin so: ``Remember: lock the door`` stays text.
    """
    found = Counter(name for cue in cues if (name := _colon_name(cue.text)))
    common = sum(found.values()) * 2 >= len(cues)
    return [_named(cue, found, common=common) for cue in cues]


def part_dialogue(cues: Iterable[Cue]) -> list[Cue]:
    """Part cues in which several people speak, each on a line that begins with a dash.

    The time is shared out by the length of the texts.
    """
    return [part for cue in cues for part in _parted(cue)]


def share_time(cue: Cue, texts: Sequence[str]) -> list[Cue]:
    """Make one cue for each text, one after the other, as long as its share of the letters.

    A cue with less than a millisecond for a letter stays one, with all texts in it.
    """
    total, duration_ms = sum(len(text) for text in texts), cue.end_ms - cue.start_ms
    if duration_ms < total:
        return [replace(cue, text="\n".join(texts))]
    ends = [cue.start_ms + duration_ms * said // total for said in accumulate(map(len, texts))]
    return [
        replace(cue, start_ms=start_ms, end_ms=end_ms, text=text)
        for start_ms, end_ms, text in zip([cue.start_ms, *ends], ends, texts, strict=False)
    ]


def _named(cue: Cue, found: Counter[str], *, common: bool) -> Cue:
    if cue.speaker:
        return cue
    bracket = _BRACKET_NAME.match(cue.text)
    if bracket:
        return replace(cue, speaker=bracket[1], text=cue.text[bracket.end() :])
    name = _colon_name(cue.text)
    if not name or not (_CAPITALS.fullmatch(name) or common or found[name] > 1):
        return cue
    rest = cue.text[cue.text.index(":") + 1 :].lstrip()
    return replace(cue, speaker=name, text=rest)


def _colon_name(text: str) -> str:
    """Find what stands before a colon and is written like a name: up to three capital words."""
    match = _COLON_NAME.match(text)
    if match is None:
        return ""
    words = match[1].split()
    return match[1] if len(words) <= 3 and all(word[0].isupper() for word in words) else ""


def _parted(cue: Cue) -> list[Cue]:
    """Part one cue; a line without a dash goes on with the speech above it."""
    speeches: list[str] = []
    for line in cue.text.split("\n"):
        dash = _DASH.match(line)
        if dash or not speeches:
            speeches.append(line[dash.end() :] if dash else line)
        else:
            speeches[-1] += f"\n{line}"
    dashes = sum(1 for line in cue.text.split("\n") if _DASH.match(line))
    return share_time(cue, speeches) if dashes > 1 else [cue]
