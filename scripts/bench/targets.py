"""The numbers we hold ourselves to, and on which samples each one is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.line_change import LineChange
from bench.score import Row

WITH_MUSIC = frozenset({"noisy", "surround"})
"""Samples with something beneath the speech: the softer limit for recognition."""

VOICES_AT_ONCE = frozenset({"overlap"})
"""Two people speak at once there: recognition and speakers are shown, not asked for."""

WALL_PER_MEDIA = {"clean": 0.35, "long": 0.25}


@dataclass(frozen=True, slots=True)
class Target:
    """One number. ``holds`` gives None on a row that it is not asked for on."""

    name: str
    limit: str
    holds: Callable[[Row], bool | None]


def _wall(row: Row) -> bool | None:
    limit = WALL_PER_MEDIA.get(row.sample)
    return None if limit is None else row.wall_per_media <= limit


def _recognition(row: Row) -> bool | None:
    if row.wer is None or row.sample in VOICES_AT_ONCE:
        return None
    return row.wer <= (0.15 if row.sample in WITH_MUSIC else 0.05)


def _speakers(row: Row) -> bool | None:
    if row.speakers is None or row.sample in VOICES_AT_ONCE:
        return None
    return row.speakers >= 0.95


def _heard_back(row: Row) -> bool | None:
    return None if row.heard_back is None else row.heard_back <= 0.15


TARGETS = (
    Target("wall / media", "at most 0.35 on `clean`, 0.25 on `long`", _wall),
    Target("word error rate", "at most .05, .15 over music", _recognition),
    Target("speakers right", "at least 95 % of lines", _speakers),
    Target("English dub heard back", "at most .15 of words wrong", _heard_back),
    Target("ids, numbers, terms kept", "100 %", lambda row: row.kept.share == 1.0),
    Target("speech overlap F1", "at least .90", lambda row: row.f1 >= 0.90),
    Target("dead air", "at most 5 %", lambda row: row.dead_air <= 0.05),
    Target("tempo p95", "at most 1.15", lambda row: row.tempo_p95 <= 1.15),
    Target("tempo max", "at most 1.35", lambda row: row.tempo_max <= 1.35),
    Target("words cut", "0", lambda row: row.words_cut == 0),
    Target("loudness", "-16 ± .5 LUFS", lambda row: abs(row.lufs + 16) <= 0.5),
    Target("true peak", "at most -1 dBTP", lambda row: row.true_peak_dbtp <= -1.0),
    Target("duration", "± 40 ms", lambda row: abs(row.duration_delta_ms) <= 40),
    Target("picture copied bit by bit", "yes", lambda row: row.video_bitexact),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where one target holds and where it does not."""

    target: Target
    held: tuple[str, ...]
    broken: tuple[str, ...]


def judge(rows: Sequence[Row]) -> tuple[Verdict, ...]:
    """Ask each target of each row."""
    return tuple(
        Verdict(
            target,
            tuple(row.sample for row in rows if target.holds(row) is True),
            tuple(row.sample for row in rows if target.holds(row) is False),
        )
        for target in TARGETS
    )


def judge_line_change(change: LineChange) -> dict[str, bool]:
    """Ask the numbers of a changed line, by their words."""
    return {
        "edit, respeak and preview at most 3 s": min(change.preview_s) <= 3.0,
        "full new export at most 30 s": change.export_s <= 30.0,
        "takes of all other lines as they were": change.takes_changed == 0,
        "mix as it was outside the window": change.samples_changed == 0,
    }
