"""Puts recognised words where the sound is: onsets to 10 ms, no end in a pause.

Whisper reads word times off its attention, 50 to 200 ms from the truth, and lets words run into
pauses. Where speech begins and stops is plain in the sound itself. So the runs of sound are
found first, each word is given to one of them, in order and as near as can be to where the
recogniser put it, and the first and last word of a run take its edges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from dubbing_pipeline.engines.base import Samples, SpeechSpan
from dubbing_pipeline.model.speech import Word

FRAME_MS = 10

Levels = npt.NDArray[np.float64]
"""Loudness in dB, one value for each 10 ms."""


@dataclass(frozen=True, slots=True)
class Edges:
    """What counts as a run of sound.

    Sound is ``over_noise_db`` above the noise, and not ``under_peak_db`` below the speech. With
    less than ``clear_db`` between the two (music, noise) loudness says nothing, and the
    detector's span stands, less the ``tail_ms`` by which detectors let go late. A pause has
    ``pause_ms`` or more; a click is shorter than ``click_ms``. A detector may be late by
    ``late_ms``.
    """

    over_noise_db: float = 8.0
    under_peak_db: float = 35.0
    clear_db: float = 25.0
    pause_ms: int = 130
    click_ms: int = 40
    late_ms: int = 150
    tail_ms: int = 100


EDGES = Edges()
_NOISE_WITHIN = 300
"""Frames (3 s) on both sides in which the noise is looked for."""
_SLACK = 5
"""Frames by which sound may go on after the detector's span."""
_EMPTY_COST_MS = 300
"""What it costs at most that no word is put into a run of sound."""
_SKIPPED = 6
"""Runs in a row that may stay without words."""


def levels(samples: Samples, sample_rate_hz: int = 16_000) -> Levels:
    """Measure loudness around each 10 ms; bass, where rooms rumble, is turned down."""
    frame = sample_rate_hz * FRAME_MS // 1000
    bright = np.diff(samples.astype(np.float64), prepend=0.0)
    power = np.square(np.pad(bright, (0, -samples.size % frame))).reshape(-1, frame).mean(axis=1)
    around = np.convolve(power, np.full(3, 1 / 3), mode="same")
    return np.asarray(10 * np.log10(around + 1e-10), dtype=np.float64)


def sound_runs(
    spans: Sequence[SpeechSpan], level: Levels, begin_ms: int, edges: Edges = EDGES
) -> tuple[SpeechSpan, ...]:
    """Find the runs of sound in spans of speech.

    Args:
        spans: From a detector, in order, all within the sound that was measured.
        level: From ``levels``.
        begin_ms: When the measured sound begins.
        edges: What counts as a run.
    """
    found: list[SpeechSpan] = []
    for span in spans:
        last_ms = found[-1].end_ms if found else begin_ms
        early_ms = max(span.start_ms - edges.late_ms, last_ms)
        found += _runs(span, early_ms, level, begin_ms, edges)
    return tuple(found)


def _runs(
    span: SpeechSpan, early_ms: int, level: Levels, begin_ms: int, edges: Edges
) -> list[SpeechSpan]:
    early = max((early_ms - begin_ms) // FRAME_MS, 0)
    start = max((span.start_ms - begin_ms) // FRAME_MS, 0)
    stop = min((span.end_ms - begin_ms) // FRAME_MS + _SLACK, level.size)
    near = level[max(early - _NOISE_WITHIN, 0) : stop + _NOISE_WITHIN]
    if stop - start < 1:
        return [span]
    noise_db = float(np.percentile(near, 5))
    peak_db = float(np.percentile(level[start:stop], 95))
    if peak_db - noise_db < edges.clear_db:
        end_ms = max(span.end_ms - edges.tail_ms, span.start_ms + FRAME_MS)
        return [SpeechSpan(max(span.start_ms, early_ms), end_ms)]
    threshold_db = max(noise_db + edges.over_noise_db, peak_db - edges.under_peak_db)
    runs = [
        SpeechSpan(begin_ms + (early + first) * FRAME_MS, begin_ms + (early + last) * FRAME_MS)
        for first, last in _bridged(level[early:stop] > threshold_db, edges)
    ]
    return [run for run in runs if run.end_ms > span.start_ms] or [span]


def _bridged(loud: npt.NDArray[np.bool_], edges: Edges) -> Iterator[tuple[int, int]]:
    """Give (first, after the last) of each loud stretch, pauses bridged, clicks left out."""
    steps = np.flatnonzero(np.diff(loud.astype(np.int8), prepend=0, append=0))
    joined: list[list[int]] = []
    for first, last in steps.reshape(-1, 2).tolist():
        if joined and (first - joined[-1][1]) * FRAME_MS < edges.pause_ms:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    for first, last in joined:
        if (last - first) * FRAME_MS >= edges.click_ms:
            yield first, last


def placed(words: Sequence[Word], runs: Sequence[SpeechSpan]) -> tuple[Word, ...]:
    """Put words into runs of sound: in order, none overlapping, none empty, none lost."""
    if not words or not runs:
        return tuple(words)
    owners = _owners(words, runs)
    found: list[Word] = []
    for owner, group in groupby(zip(owners, words, strict=True), key=lambda pair: pair[0]):
        found += _within([word for _, word in group], runs[owner])
    return tuple(found)


def _owners(words: Sequence[Word], runs: Sequence[SpeechSpan]) -> list[int]:
    """Give each word the index of its run by dynamic programming over both in order.

    A word costs the part of it outside its run, and its distance from it; a run that no word is
    given to costs half its length, up to ``_EMPTY_COST_MS``.
    """
    cost = _costs(words, runs)
    empty = np.array([min((run.end_ms - run.start_ms) / 2, _EMPTY_COST_MS) for run in runs])
    skipped = np.concatenate([[0.0], np.cumsum(empty)])
    best = cost[0] + skipped[:-1]
    back: list[npt.NDArray[np.int_]] = []
    for row in cost[1:]:
        came = np.array([_best_before(best, skipped, run) for run in range(len(runs))])
        between = np.where(came == np.arange(len(runs)), 0.0, skipped[:-1] - skipped[came + 1])
        best = best[came] + between + row
        back.append(came)
    owner = int(np.argmin(best + skipped[-1] - skipped[1:]))
    owners = [owner]
    for came in reversed(back):
        owner = int(came[owner])
        owners.append(owner)
    return owners[::-1]


def _best_before(best: npt.NDArray[np.float64], skipped: npt.NDArray[np.float64], run: int) -> int:
    """Which run the word before is in, if this word is in ``run``."""
    first = max(run - _SKIPPED, 0)
    costs = best[first:run] + skipped[run] - skipped[first + 1 : run + 1]
    return first + int(np.argmin(np.append(costs, best[run])))


def _costs(words: Sequence[Word], runs: Sequence[SpeechSpan]) -> npt.NDArray[np.float64]:
    """Shape ``(words, runs)``, in ms."""
    starts = np.array([word.start_ms for word in words], dtype=np.float64)[:, None]
    ends = np.array([word.end_ms for word in words], dtype=np.float64)[:, None]
    begins = np.array([run.start_ms for run in runs], dtype=np.float64)
    stops = np.array([run.end_ms for run in runs], dtype=np.float64)
    shared = np.minimum(ends, stops) - np.maximum(starts, begins)
    return np.asarray((ends - starts) - shared, dtype=np.float64)


def _within(words: Sequence[Word], run: SpeechSpan) -> list[Word]:
    """Clip words into one run; the first takes its start, the last its end.

    Each is given at least its share of a run that is too short for all of them.
    """
    room_ms = max(run.end_ms - run.start_ms, len(words))
    shortest_ms = max(1, min(30, room_ms // len(words)))
    found: list[Word] = []
    for index, word in enumerate(words):
        after = len(words) - index - 1
        earliest = found[-1].end_ms if found else run.start_ms
        latest = run.start_ms + room_ms - shortest_ms * after
        start_ms = min(max(word.start_ms, earliest), latest - shortest_ms) if found else earliest
        end_ms = min(max(word.end_ms, start_ms + shortest_ms), latest) if after else latest
        found.append(replace(word, start_ms=start_ms, end_ms=end_ms))
    return found
