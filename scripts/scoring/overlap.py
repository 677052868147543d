"""How well dub speech lies over source speech, on a 10 ms grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

GRID_MS = 10

Span = tuple[int, int]
"""Start and end in milliseconds."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Shares of time, 0 to 1.

    ``precision``: of dub speech over source speech; ``recall``: of source speech under dub
    speech; ``dead_air`` is what recall lacks: source speech with no dub speech near, where a
    viewer sees lips move and hears nobody.
    """

    precision: float
    recall: float
    iou: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def dead_air(self) -> float:
        return 1.0 - self.recall


def speech_overlap(source: Sequence[Span], dub: Sequence[Span]) -> Overlap:
    """Compare where the source speaks and where the dub speaks.

    Raises:
        ValueError: The source does not speak at all.
    """
    end_ms = max((end for _, end in (*source, *dub)), default=0)
    spoken, dubbed = _grid(source, end_ms), _grid(dub, end_ms)
    if not spoken.any():
        raise ValueError("the source does not speak")
    both = int(np.count_nonzero(spoken & dubbed))
    either = int(np.count_nonzero(spoken | dubbed))
    in_dub = int(np.count_nonzero(dubbed))
    return Overlap(
        precision=both / in_dub if in_dub else 0.0,
        recall=both / int(np.count_nonzero(spoken)),
        iou=both / either,
    )


def _grid(spans: Sequence[Span], end_ms: int) -> npt.NDArray[np.bool_]:
    grid = np.zeros(end_ms // GRID_MS + 1, dtype=np.bool_)
    for start, end in spans:
        grid[round(start / GRID_MS) : round(end / GRID_MS)] = True
    return grid
