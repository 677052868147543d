"""What is asked of one dub, before any engine is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["low", "medium", "high"]
"""A named choice of engines and effort; ``engines.modes`` holds the table."""

MODES: tuple[Mode, ...] = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class DubSpec:
    """One request: this film into that language.

    Languages are two- or three-letter primary subtags of BCP 47 (``en``, ``es``, ``ast``).
    ``source_language`` None means: let the recogniser find out, or refuse if it cannot.
    ``glossary`` maps a source term to the wanted target term. ``voices`` maps a speaker's
    name to an engine's voice name. The subtitle fields hold artifact keys.
    """

    target_language: str
    source_language: str | None = None
    mode: Mode = "low"
    source_subtitles: str | None = None
    target_subtitles: str | None = None
    glossary: Mapping[str, str] = field(default_factory=dict)
    voices: Mapping[str, str] = field(default_factory=dict)
