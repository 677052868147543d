"""From measurements to the numbers of the report, and the verdict. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.model.speech import Fit, Timeline
from dubbing_pipeline.stages.call import Json
from dubbing_pipeline.stages.checks import Facts, evaluate
from dubbing_pipeline.stages.finished_film import FilmMeasures
from dubbing_pipeline.stages.listening import LineMeasures
from dubbing_pipeline.stages.mix import TARGET_LUFS
from dubbing_pipeline.stages.quality import (
    FAST_TEMPO,
    TOO_MANY_CHARACTERS_PER_SECOND,
    Overlap,
    covered,
    largest_step,
    overlap,
    percentile,
)
from dubbing_pipeline.stages.timing import LIMITS

CUT_MS = 20
"""A take whose span in the stem is shorter by more than this counts as cut."""

LOST_MS = 60
"""Shorter by more than this, a sound of speech is gone and not only its edge."""

OFF_PLAN_MS = 100
LEAKING = 0.5
DOUBTFUL = 0.25
_QUIETEST_DB = -120.0


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard in source and stem.

    ``source_words`` is the share of the source's words that a recogniser of the source language
    hears in the dub, ``untranslated`` the share of lines whose target is their source; None
    where that could not be asked.
    """

    lines: Sequence[LineMeasures]
    source: Sequence[SpeechSpan]
    dub: Sequence[SpeechSpan]
    source_words: float | None = None
    untranslated: float | None = None


def is_doubtful(hearing: Hearing) -> bool:
    """Tell whether some of the dub may be the source, so that asking a recogniser pays."""
    leaks = [line.leak for line in hearing.lines]
    return max(leaks, default=0.0) > DOUBTFUL or (hearing.untranslated or 0.0) > DOUBTFUL


def metrics_of(timeline: Timeline, hearing: Hearing, film: FilmMeasures) -> dict[str, Json]:
    """Work out the numbers of the report, hold them against the rules, and give the verdict.

    Returns:
        What ``report.json`` has, but for the times of a run.
    """
    laid = overlap(hearing.source, hearing.dub, list(_not_dubbed(timeline)))
    numbers = _numbers(hearing.lines, laid, film)
    checks = evaluate(_facts(timeline, hearing, film, numbers))
    return {
        **numbers,
        "checks": [asdict(check) for check in checks],
        "passed": all(check.ok for check in checks if check.hard),
        "per_line": [asdict(line) for line in hearing.lines],
        "spans": {"source": _pairs(hearing.source), "dub": _pairs(hearing.dub)},
    }


def _numbers(lines: Sequence[LineMeasures], laid: Overlap, film: FilmMeasures) -> dict[str, Json]:
    errors_ms = [line.onset_error_ms for line in lines if line.onset_error_ms is not None]
    tempos = [line.tempo for line in lines]
    return {
        "lines": len(lines),
        "speech_overlap_f1": laid.f1,
        "speech_overlap_iou": laid.iou,
        "dead_air_ratio": laid.dead_air,
        "onset_error_p50_ms": percentile([abs(error) for error in errors_ms], 0.50),
        "onset_lag_p95_ms": percentile([max(0, error) for error in errors_ms], 0.95),
        "tempo_p95": percentile(tempos, 0.95),
        "tempo_max": max(tempos, default=0.0),
        "lines_over_1_2": sum(tempo > FAST_TEMPO for tempo in tempos),
        "words_cut": sum(line.cut_ms > CUT_MS for line in lines),
        "lines_overflow": sum(line.overflow_ms > 0 for line in lines),
        "loudness_lufs": max(film.loudness.integrated_lufs, _QUIETEST_DB),
        "true_peak_dbtp": max(film.loudness.true_peak_dbtp, _QUIETEST_DB),
        "duration_delta_ms": film.duration_delta_ms,
        "video_bitexact": film.video_bitexact,
        "media_s": film.media_ms / 1000,
    }


def _facts(
    timeline: Timeline, hearing: Hearing, film: FilmMeasures, numbers: dict[str, Json]
) -> Facts:
    off_ms = _beyond(film.duration_delta_ms, _overrun_ms(timeline))
    of_film: dict[str, float | None] = {
        "dub_in_film": film.dub_in_film,
        "original_in_film": film.original_in_film,
        "duration_far_off_ms": off_ms,
        "duration_off_ms": off_ms,
        "true_peak_dbtp": numbers["true_peak_dbtp"],
        "video_bitexact": None if film.video_bitexact is None else float(film.video_bitexact),
        "tracks_tagged": float(film.tracks_tagged),
    }
    asked = {"source_words": hearing.source_words, "text_untranslated": hearing.untranslated}
    if not hearing.lines:
        return dict.fromkeys(_OF_LINES) | of_film | asked
    return of_film | asked | _facts_of_lines(timeline, hearing, numbers)


def _facts_of_lines(
    timeline: Timeline, hearing: Hearing, numbers: dict[str, Json]
) -> dict[str, float | None]:
    lines = hearing.lines
    planned = [SpeechSpan(fit.start_ms, fit.end_ms) for fit in _fits(timeline)]
    off_lu = round(abs(numbers["loudness_lufs"] - TARGET_LUFS), 2)
    hurried = [line.characters_per_second > TOO_MANY_CHARACTERS_PER_SECOND for line in lines]
    plain = {name: float(numbers[name]) for name in _OF_LINES if name in numbers}
    return plain | {
        "speech_in_stem": covered(planned, hearing.dub),
        "leak": median(line.leak for line in lines),
        "lines_leaking": sum(line.leak > LEAKING for line in lines),
        "words_lost": sum(line.cut_ms > LOST_MS for line in lines),
        "lines_off_plan": _off_plan(lines),
        "loudness_far_off_lu": off_lu,
        "loudness_off_lu": off_lu,
        "tempo_step_max": _step_max(timeline),
        "share_over_1_2": round(numbers["lines_over_1_2"] / len(lines), 4),
        "share_hurried": round(sum(hurried) / len(lines), 4),
    }


_OF_LINES = (
    "dead_air_ratio",
    "leak",
    "lines_leaking",
    "lines_off_plan",
    "lines_overflow",
    "loudness_far_off_lu",
    "loudness_off_lu",
    "onset_error_p50_ms",
    "onset_lag_p95_ms",
    "share_hurried",
    "share_over_1_2",
    "speech_in_stem",
    "speech_overlap_f1",
    "speech_overlap_iou",
    "tempo_max",
    "tempo_p95",
    "tempo_step_max",
    "words_cut",
    "words_lost",
)
"""Facts that mean nothing in a film without spoken lines."""


def _off_plan(lines: Sequence[LineMeasures]) -> float | None:
    """Tell which share of the lines that were found is elsewhere than planned."""
    offsets_ms = [abs(line.offset_ms) for line in lines if line.offset_ms is not None]
    if not offsets_ms:
        return None
    return round(sum(offset_ms > OFF_PLAN_MS for offset_ms in offsets_ms) / len(offsets_ms), 4)


def _beyond(delta_ms: int, overrun_ms: int) -> int:
    """Tell by how much a length is off; speech that outlasts the film makes it longer by right."""
    return max(0, -delta_ms, delta_ms - overrun_ms)


def _overrun_ms(timeline: Timeline) -> int:
    return max([0, *(fit.end_ms - timeline.duration_ms for fit in _fits(timeline))])


def _step_max(timeline: Timeline) -> float:
    """Give the largest step of tempo between neighbours of one speaker."""
    voices: dict[str, list[Fit]] = {}
    for line in timeline.lines:
        if line.fit is not None:
            voices.setdefault(line.speaker, []).append(line.fit)
    return max((step for row in voices.values() for step in _steps(row)), default=0.0)


def _steps(row: Sequence[Fit]) -> Iterator[float]:
    for before, after in pairwise(sorted(row, key=lambda fit: fit.start_ms)):
        if after.start_ms - before.end_ms <= LIMITS.near_ms:
            yield largest_step([before.tempo, after.tempo])


def _fits(timeline: Timeline) -> list[Fit]:
    return [line.fit for line in timeline.lines if line.fit is not None]


def _not_dubbed(timeline: Timeline) -> Iterator[SpeechSpan]:
    for line in timeline.lines:
        if line.audio_mode != "tts":
            yield SpeechSpan(line.start_ms, line.end_ms)


def _pairs(spans: Sequence[SpeechSpan]) -> list[list[int]]:
    return [[span.start_ms, span.end_ms] for span in spans]
