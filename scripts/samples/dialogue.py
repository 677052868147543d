"""What is said in a sample, read from ``texts/NAME.txt``.

A line ``Anna: Good morning.`` is spoken. A line in brackets is a direction:
``(pause 2)`` adds seconds of silence, ``(music 6)`` adds seconds of music with nobody speaking,
``(overlap 0.8)`` lets the next line begin that many seconds before the one before it ends.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TEXTS = Path(__file__).parent / "texts"

_DIRECTION = re.compile(r"\((pause|music|overlap) ([0-9.]+)\)")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line of a dialogue."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Direction:
    """What happens between two lines."""

    kind: Literal["pause", "music", "overlap"]
    seconds: float


Cue = Spoken | Direction


def read_dialogue(name: str) -> tuple[Cue, ...]:
    """Read a dialogue.

    Raises:
        ValueError: A line is neither spoken nor a direction.
    """
    text = (TEXTS / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(_cue(line) for line in text.splitlines() if line)


def _cue(line: str) -> Cue:
    if direction := _DIRECTION.fullmatch(line):
        kind: Literal["pause", "music", "overlap"]
        kind = direction[1]  # type: ignore[assignment]
        return Direction(kind, float(direction[2]))
    speaker, colon, text = line.partition(": ")
    if not colon or not text:
        raise ValueError(f"neither 'Speaker: text' nor a direction: {line!r}")
    return Spoken(speaker, text)
