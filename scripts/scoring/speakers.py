"""How many lines have the right speaker, whatever the speakers are called."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

MOST_SPEAKERS = 7


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody speaks from here to there."""

    start_ms: int
    end_ms: int
    speaker: str


@dataclass(frozen=True, slots=True)
class SpeakerScore:
    """``right`` of ``lines`` true lines, under the naming that gives the most.

    ``naming`` maps found names to true ones; a found name without a true one is left out.
    """

    right: int
    lines: int
    naming: dict[str, str]

    @property
    def accuracy(self) -> float:
        return self.right / self.lines


def score_speakers(truth: Sequence[Turn], found: Sequence[Turn]) -> SpeakerScore:
    """Give each true line the found speaker that overlaps it longest, then name them best.

    A line nobody was found in is wrong. Each true speaker takes at most one found name, so
    neither one name for all nor a new name for each line scores well.

    Raises:
        ValueError: There are no true lines, or more true speakers than can be tried.
    """
    names = sorted({turn.speaker for turn in truth})
    if not 0 < len(names) <= MOST_SPEAKERS:
        raise ValueError(f"1 to {MOST_SPEAKERS} true speakers can be scored, not {len(names)}")
    labels = [_label_of(line, found) for line in truth]
    together = {
        (label, line.speaker): 0 for label, line in zip(labels, truth, strict=True) if label
    }
    for label, line in zip(labels, truth, strict=True):
        if label:
            together[label, line.speaker] += 1
    right, naming = _best_naming(names, sorted({label for label in labels if label}), together)
    return SpeakerScore(right, len(truth), naming)


def _label_of(line: Turn, found: Sequence[Turn]) -> str:
    """Name the found speaker with the most time inside the line, "" for none."""
    shared: dict[str, int] = {}
    for turn in found:
        common = min(line.end_ms, turn.end_ms) - max(line.start_ms, turn.start_ms)
        if common > 0:
            shared[turn.speaker] = shared.get(turn.speaker, 0) + common
    return max(shared, key=lambda name: (shared[name], name)) if shared else ""


def _best_naming(
    names: Sequence[str], labels: Sequence[str], together: dict[tuple[str, str], int]
) -> tuple[int, dict[str, str]]:
    """Try every assignment of true speakers to the labels heard most."""
    totals = {
        label: sum(count for (found, _), count in together.items() if found == label)
        for label in labels
    }
    heard = sorted(labels, key=lambda label: (-totals[label], label))[: MOST_SPEAKERS + 1]
    padded = [*heard, *[""] * max(0, len(names) - len(heard))]
    best: tuple[int, dict[str, str]] = (-1, {})
    for order in permutations(padded, len(names)):
        pairs = list(zip(order, names, strict=True))
        right = sum(together.get(pair, 0) for pair in pairs)
        if right > best[0]:
            best = (right, {label: name for label, name in pairs if label})
    return best
