"""Ground truth of a sample: what is said in it, by whom and when."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from samples.sound import Span

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class TrueLine:
    """One line as it was spoken.

    ``start_ms`` and ``end_ms`` are where its sound begins and ends, to 10 ms. ``spans`` leave
    out the pauses of 250 ms and more inside the line.
    """

    id: int
    start_ms: int
    end_ms: int
    speaker: str
    language: str
    text: str
    words: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that is known of a sample because it was made that way.

    ``speakers`` maps a name to ``f`` or ``m``. ``glossary`` maps source terms to the target
    terms that a translation into Spanish must use. ``bed_db`` is the level of music and noise
    against the speech, None without. ``music`` holds the spans in which music plays alone.
    """

    name: str
    language: str
    duration_ms: int
    lines: tuple[TrueLine, ...]
    speakers: Mapping[str, str] = field(default_factory=dict)
    glossary: Mapping[str, str] = field(default_factory=dict)
    music: tuple[Span, ...] = ()
    bed_db: float | None = None

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Spans of all lines, in order of their start; overlapping where speakers do."""
        return tuple(sorted(span for line in self.lines for span in line.spans))


def truth_text(truth: Truth) -> str:
    """Write ground truth as JSON: sorted keys, one form for one content."""
    value = {"schema": SCHEMA, **asdict(truth)}
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def read_truth(path: Path) -> Truth:
    """Read a ``NAME.truth.json``.

    Raises:
        ValueError: It is of another schema.
    """
    value = json.loads(path.read_text(encoding="utf-8"))
    if value.pop("schema") != SCHEMA:
        raise ValueError(f"{path} is not of schema {SCHEMA}")
    value["lines"] = tuple(
        TrueLine(**{**line, "words": tuple(line["words"]), "spans": _spans(line["spans"])})
        for line in value["lines"]
    )
    return Truth(**{**value, "music": _spans(value["music"])})


def _spans(pairs: list[list[int]]) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in pairs)
