"""Doubts about what was heard: what to leave out, and when a film has no words to dub. Pure.

An engine sifts what it says at once (``engines.hallucination``); here is what only shows with
the detector's spans beside it, or over a whole film.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.engines.hallucination import NONSENSE, dominant_phrase
from dubbing_pipeline.errors import EngineFailed, NothingToDub
from dubbing_pipeline.model.speech import Word
from dubbing_pipeline.stages.transcript import Heard, Utterance

FASTEST_CHARACTERS_PER_S = 40
"""Nobody speaks faster; text that would have to was made up."""
LONG_TEXT = 200
"""Characters from which the rate of a whole film means something."""
SURE_WORD = 0.5
"""Probability from which a word is believed outside the detector's spans."""
NEAR_MS = 200

_TAG = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫♬]+")
_SAYS = re.compile(r"\w")


def says_something(text: str) -> bool:
    return bool(_SAYS.search(text))


def without_tag_words(words: Sequence[Word]) -> tuple[Word, ...]:
    """Take out the words of tags, also of tags that are longer than one word."""
    text = " ".join(word.text for word in words)
    tags = [match.span() for match in _TAG.finditer(text)]
    kept: list[Word] = []
    at = 0
    for word in words:
        end = at + len(word.text)
        inside = any(first < end and at < last for first, last in tags)
        if not inside and (says_something(word.text) or kept):
            kept.append(word)
        at = end + 1
    return tuple(kept)


def without_stray_words(words: Sequence[Word], spans: Sequence[SpeechSpan]) -> tuple[Word, ...]:
    """Take out doubtful words that stand where the detector hears nobody."""
    return tuple(word for word in words if word.probability >= SURE_WORD or _near(word, spans))


def _near(word: Word, spans: Sequence[SpeechSpan]) -> bool:
    return any(
        word.start_ms < span.end_ms + NEAR_MS and word.end_ms > span.start_ms - NEAR_MS
        for span in spans
    )


def is_too_fast(utterance: Utterance) -> bool:
    """Tell whether nobody could say this text in its time."""
    length_s = max(utterance.end_ms - utterance.start_ms, 100) / 1000
    return len(utterance.text) > FASTEST_CHARACTERS_PER_S * length_s + 10


def holes(
    spans: Sequence[SpeechSpan], words: Sequence[Word], shortest_ms: int
) -> tuple[SpeechSpan, ...]:
    """Find stretches of speech in which no word was recognised."""
    return tuple(
        hole
        for span in spans
        for hole in _uncovered(span, words)
        if hole.end_ms - hole.start_ms >= shortest_ms
    )


def _uncovered(span: SpeechSpan, words: Sequence[Word]) -> Iterator[SpeechSpan]:
    at_ms = span.start_ms
    for word in words:
        if word.end_ms <= at_ms:
            continue
        if word.start_ms >= span.end_ms:
            break
        if word.start_ms > at_ms:
            yield SpeechSpan(at_ms, word.start_ms)
        at_ms = word.end_ms
    if at_ms < span.end_ms:
        yield SpeechSpan(at_ms, span.end_ms)


def refuse_silence(spans: Sequence[SpeechSpan], duration_ms: int) -> None:
    """Stop if nobody speaks.

    Raises:
        NothingToDub: The detector found no speech.
    """
    if not spans:
        raise NothingToDub("stages.no_speech", seconds=round(duration_ms / 1000))


def refuse_nonsense(heard: Heard, spans: Sequence[SpeechSpan]) -> None:
    """Stop if the transcript as a whole cannot be what was said.

    Raises:
        NothingToDub: No words are left: music, singing or noise that sounded like speech.
        EngineFailed: One phrase makes up the film, the recogniser doubts most of it, or there
            is more text than anybody could have said in that time.
    """
    speech_s = round(sum(span.end_ms - span.start_ms for span in spans) / 1000, 1)
    texts = [utterance.text for utterance in heard.utterances]
    if not any(says_something(text) for text in texts):
        raise NothingToDub("stages.no_words", seconds=speech_s, rejected=len(heard.rejected))
    phrase = dominant_phrase(texts)
    if phrase:
        raise EngineFailed("stages.one_phrase", phrase=phrase, lines=len(texts))
    doubt = median(utterance.average_log_probability for utterance in heard.utterances)
    if doubt < NONSENSE:
        raise EngineFailed("stages.words_doubtful", probability=round(doubt, 2), limit=NONSENSE)
    characters = sum(map(len, texts))
    if characters > max(LONG_TEXT, FASTEST_CHARACTERS_PER_S * speech_s):
        raise EngineFailed("stages.words_too_many", characters=characters, seconds=speech_s)


def believed(utterance: Utterance, spans: Sequence[SpeechSpan]) -> Utterance | None:
    """Give what is left of an utterance once tags and stray words are out; None for nothing."""
    words = without_stray_words(without_tag_words(utterance.words), spans)
    if not any(says_something(word.text) for word in words):
        return None
    text = " ".join(word.text for word in words)
    left = replace(
        utterance, words=words, text=text, start_ms=words[0].start_ms, end_ms=words[-1].end_ms
    )
    return None if is_too_fast(left) else left
