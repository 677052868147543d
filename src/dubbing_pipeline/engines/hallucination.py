"""Tells recognised speech from what a recogniser makes up over music and silence.

Whisper answers noise with fluent text. Its own doubts (arXiv 2212.04356, section 4.5) and the
text's monotony give it away. What is rejected stays in the film as it was; it is never dubbed.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

from dubbing_pipeline.engines.base import Segment

NO_SPEECH = 0.6
"""Above this, and with an average log probability under ``UNSURE``: no speech (Whisper's rule)."""
UNSURE = -1.0
NONSENSE = -1.5
"""Under this average log probability the words are guesses whatever else holds."""
COMPRESSION = 2.4
"""Text that zlib shrinks further than this is one phrase over and over (Whisper's rule)."""
DOMINANT_SHARE = 0.7
DOMINANT_COUNT = 4
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_LONGEST_PHRASE = 8


def sift(segments: Sequence[Segment]) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Part segments into those to believe and those to reject, in order."""
    refused = dominant_phrase([segment.text for segment in segments])
    kept: list[Segment] = []
    rejected: list[Segment] = []
    for segment in segments:
        doubtful = is_doubtful(segment) or (refused and _phrase(segment.text) == refused)
        (rejected if doubtful else kept).append(segment)
    return tuple(kept), tuple(rejected)


def is_doubtful(segment: Segment) -> bool:
    """Judge one segment by the recogniser's own numbers and by its text alone."""
    probability = segment.average_log_probability
    no_speech = segment.no_speech_probability > NO_SPEECH and probability < UNSURE
    return no_speech or probability < NONSENSE or is_monotonous(segment.text)


def is_monotonous(text: str) -> bool:
    """Tell whether one phrase, said again and again, is most of a text.

    Holds if zlib shrinks the text more than ``COMPRESSION`` times, or if a phrase of up to
    eight words makes ``DOMINANT_SHARE`` of its characters in ``DOMINANT_COUNT`` turns.
    """
    data = text.encode()
    if len(data) / len(zlib.compress(data)) > COMPRESSION:
        return True
    words = _WORD.findall(text.casefold())
    longest = min(_LONGEST_PHRASE, len(words) // DOMINANT_COUNT)
    return any(_dominates(_turns(words, size)) for size in range(1, longest + 1))


def dominant_phrase(texts: Iterable[str]) -> str:
    """Give the phrase that whole segments repeat through most of a transcript, or ""."""
    phrases = [_phrase(text) for text in texts]
    counted = Counter(phrase for phrase in phrases if phrase)
    if not counted or not _dominates(phrases):
        return ""
    return max(counted, key=lambda phrase: counted[phrase] * len(phrase))


def _dominates(phrases: Sequence[str]) -> bool:
    total = sum(map(len, phrases))
    counted = Counter(phrases)
    return any(
        count >= DOMINANT_COUNT and count * len(phrase) >= DOMINANT_SHARE * total
        for phrase, count in counted.items()
        if phrase
    )


def _turns(words: Sequence[str], size: int) -> list[str]:
    return [" ".join(words[at : at + size]) for at in range(0, len(words), size)]


def _phrase(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
