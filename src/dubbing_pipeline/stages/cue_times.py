"""Brings the times of subtitles to the speech itself. Pure.

Cues are shown a little before the first word and stay a while after the last one. A dub wants
the speech: a cue's edge moves to the edge of the detector's speech nearby, if there is one.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.stages.transcript import Utterance

LATER_MS = 500
"""How much later than its cue the speech may begin, …"""
EARLIER_MS = 200
"""… or how much earlier; ends likewise, with ``LINGER_MS``."""
LINGER_MS = 1000


def on_speech(cues: Sequence[Utterance], spans: Sequence[SpeechSpan]) -> tuple[Utterance, ...]:
    """Move the edges of cues to the speech; cues keep their order and do not begin to overlap.

    Args:
        cues: In order of their start.
        spans: Where somebody speaks, in order.
    """
    moved = [_moved(cue, spans) for cue in cues]
    for index, (before, after) in enumerate(pairwise(cues)):
        if before.end_ms <= after.start_ms:
            middle_ms = (before.end_ms + after.start_ms) // 2
            first, second = moved[index], moved[index + 1]
            moved[index] = replace(first, end_ms=min(first.end_ms, middle_ms))
            moved[index + 1] = replace(second, start_ms=max(second.start_ms, middle_ms))
    return tuple(moved)


def _moved(cue: Utterance, spans: Sequence[SpeechSpan]) -> Utterance:
    said = [span for span in spans if span.start_ms < cue.end_ms and span.end_ms > cue.start_ms]
    if not said:
        return cue
    start_ms, end_ms = said[0].start_ms, said[-1].end_ms
    if not -EARLIER_MS <= start_ms - cue.start_ms <= LATER_MS:
        start_ms = cue.start_ms
    if not -LINGER_MS <= end_ms - cue.end_ms <= EARLIER_MS:
        end_ms = cue.end_ms
    return replace(cue, start_ms=start_ms, end_ms=end_ms) if start_ms < end_ms else cue
