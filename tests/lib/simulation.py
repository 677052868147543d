"""A made-up film of thousands of lines, to compare timing planners by numbers.

Lines are log-normal around 2.4 s; pauses are below 0.3 s (35 %), 0.3 to 1 s (45 %) or 1 to 4 s
(20 %); two speakers; natural length over source length is log-normal. Relative reading only.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.model.speech import Fit
from dubbing_pipeline.stages.timing import LIMITS, Limits, Placing, plan, slots

_GRID_MS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; shares are 0 to 1 of lines, but ``dead`` of source speech."""

    iou: float
    dead: float
    cut: float
    doubled: float
    tempo_p95: float
    tempo_max: float
    over_1_2: float
    jump_over_0_2: float
    lag_p95_ms: float
    overflow: float


def film(lines: int, *, mean_need: float, seed: int) -> tuple[list[Placing], int]:
    """Make lines and the film's length in ms."""
    dice = random.Random(seed)  # noqa: S311 - a simulation
    start_ms, made = 500, []
    for number in range(lines):
        length_ms = round(1000 * min(8.0, max(0.4, dice.lognormvariate(math.log(2.4), 0.45))))
        need = mean_need * dice.lognormvariate(0, dice.uniform(0.20, 0.30))
        speaker = dice.choice("AB")
        end_ms = start_ms + length_ms
        made.append(Placing(number, start_ms, end_ms, speaker, round(length_ms * need)))
        start_ms = end_ms + _pause_ms(dice)
    return made, start_ms + 1000


def shortened(
    lines: Sequence[Placing], film_ms: int, *, by: float, limits: Limits = LIMITS
) -> list[Placing]:
    """Shorten the text of lines that are too long for their room, by a share at most."""
    rooms = slots(lines, film_ms, limits)
    return [
        replace(line, natural_ms=_between(rooms[line.id], line.natural_ms, by)) for line in lines
    ]


def measure(lines: Sequence[Placing], film_ms: int, limits: Limits = LIMITS) -> Row:
    """Plan the film and count."""
    fits = plan(lines, film_ms, limits)
    last_ms = max(film_ms, *(fit.end_ms for fit in fits.values()))
    source = _grid([(line.start_ms, line.end_ms) for line in lines], last_ms)
    dub = _grid([(fit.start_ms, fit.end_ms) for fit in fits.values()], last_ms)
    tempos = np.array([fit.tempo for fit in fits.values()])
    return Row(
        iou=_share((source & dub).sum(), (source | dub).sum()),
        dead=_share((source & ~dub).sum(), source.sum()),
        cut=_share(sum(_is_cut(fit) for fit in fits.values()), len(fits)),
        doubled=_share(_doubled(fits), len(fits)),
        tempo_p95=float(np.percentile(tempos, 95)),
        tempo_max=float(tempos.max()),
        over_1_2=float((tempos > 1.2).mean()),
        jump_over_0_2=_jumps(lines, fits),
        lag_p95_ms=float(np.percentile([fit.lag_ms for fit in fits.values()], 95)),
        overflow=_share(sum(fit.overflow_ms > 0 for fit in fits.values()), len(fits)),
    )


def _pause_ms(dice: random.Random) -> int:
    low_ms, high_ms = dice.choices([(0, 300), (300, 1000), (1000, 4000)], [35, 45, 20])[0]
    return dice.randint(low_ms, high_ms)


def _between(room_ms: int, natural_ms: int, by: float) -> int:
    return max(round(natural_ms * (1 - by)), min(natural_ms, room_ms))


def _grid(spans: Sequence[tuple[int, int]], length_ms: int) -> npt.NDArray[np.bool_]:
    cells = np.zeros(length_ms // _GRID_MS + 1, dtype=np.bool_)
    for start_ms, end_ms in spans:
        cells[start_ms // _GRID_MS : end_ms // _GRID_MS] = True
    return cells


def _share(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else 0.0


def _is_cut(fit: Fit) -> bool:
    return fit.end_ms - fit.start_ms < fit.natural_ms / fit.tempo - 20


def _doubled(fits: Mapping[int, Fit]) -> int:
    ordered = sorted(fits.values(), key=lambda fit: fit.start_ms)
    return sum(after.start_ms < before.end_ms for before, after in pairwise(ordered))


def _jumps(lines: Sequence[Placing], fits: Mapping[int, Fit]) -> float:
    steps = []
    for speaker in {line.speaker for line in lines}:
        tempos = [fits[line.id].tempo for line in lines if line.speaker == speaker]
        steps += list(np.abs(np.diff(tempos)))
    return float((np.array(steps) > 0.2).mean())
