"""How good a dub is, in numbers: overlap with the source, pace, onsets. Pure numpy.

Speech overlap is counted on a grid of 10 ms, as in the dubbing track of IWSLT 2023.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.engines.base import SpeechSpan

GRID_MS = 10
FAST_TEMPO = 1.2
"""Above this a recogniser, and a listener, begin to miss words."""

TOO_MANY_CHARACTERS_PER_SECOND = 22.0

_Grid = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How dub speech lies over source speech, shares from 0 to 1.

    ``precision`` is the share of dub speech that has source speech beneath it, ``recall`` the
    share of source speech that has dub speech over it, ``dead_air`` what is left of that.
    """

    precision: float
    recall: float
    f1: float
    iou: float
    dead_air: float


def overlap(
    source: Iterable[SpeechSpan], dub: Iterable[SpeechSpan], ignored: Iterable[SpeechSpan] = ()
) -> Overlap:
    """Compare where the source speaks and where the dub does.

    Args:
        source: Speech found in the source.
        dub: Speech found in the dub stem.
        ignored: Spans that are not to be dubbed: lines left as they were, or silenced.

    Returns:
        All ones and no dead air where nobody speaks in either.
    """
    spans = [list(source), list(dub), list(ignored)]
    length_ms = max((span.end_ms for row in spans for span in row), default=0)
    before, after, left_out = (_grid(row, length_ms) for row in spans)
    before, after = before & ~left_out, after & ~left_out
    both = int((before & after).sum())
    either = int((before | after).sum())
    recall = _share(both, int(before.sum()))
    return Overlap(
        precision=_share(both, int(after.sum())),
        recall=recall,
        f1=_share(2 * both, int(before.sum()) + int(after.sum())),
        iou=_share(both, either),
        dead_air=round(1.0 - recall, 4),
    )


def covered(spans: Iterable[SpeechSpan], by: Iterable[SpeechSpan]) -> float:
    """Tell which share of the spans is covered by others; 1.0 where there are none."""
    return overlap(spans, by).recall


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which ``share`` of them lie, interpolated; 0.0 of none."""
    return round(float(np.percentile(values, share * 100)), 4) if values else 0.0


def characters_per_second(text: str, length_ms: int) -> float:
    """Count characters, spaces included, by the time they are spoken in."""
    return round(len(" ".join(text.split())) * 1000 / max(length_ms, 1), 1)


def largest_step(tempos: Sequence[float]) -> float:
    """Give the largest change of tempo between neighbours."""
    return round(float(np.abs(np.diff(tempos)).max()), 4) if len(tempos) > 1 else 0.0


def _grid(spans: Sequence[SpeechSpan], length_ms: int) -> _Grid:
    cells = np.zeros(length_ms // GRID_MS + 1, dtype=np.bool_)
    for span in spans:
        cells[round(span.start_ms / GRID_MS) : round(span.end_ms / GRID_MS)] = True
    return cells


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0
