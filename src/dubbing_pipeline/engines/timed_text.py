"""Text with times as services and programs answer it, turned into segments with words.

The form is that of OpenAI's ``verbose_json``: ``language``, ``text``, ``segments`` with ``start``,
``end`` and ``text``, ``words`` with ``start``, ``end`` and ``word``; times in seconds.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from babel import Locale
from pydantic import BaseModel, Field

from dubbing_pipeline.engines.base import Segment
from dubbing_pipeline.engines.whisper import LANGUAGES
from dubbing_pipeline.errors import EngineFailed
from dubbing_pipeline.model.speech import Word


class TimedWord(BaseModel):
    word: str
    start: float
    end: float


class TimedSegment(BaseModel):
    start: float
    end: float
    text: str
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0


class TimedText(BaseModel):
    language: str = ""
    text: str = ""
    segments: list[TimedSegment] = Field(default_factory=list)
    words: list[TimedWord] = Field(default_factory=list)


def segments(answer: TimedText, *, offset_ms: int, engine: str) -> Iterator[Segment]:
    """Give segments with words; where the service timed no words, they share their segment.

    Raises:
        EngineFailed: There is text without any time.
    """
    if answer.text.strip() and not answer.segments and not answer.words:
        raise EngineFailed("engines.no_times", engine=engine)
    for segment in answer.segments or _whole(answer.words):
        inside = [word for word in answer.words if segment.start <= _middle(word) < segment.end]
        words = _timed(inside, offset_ms) if inside else _shared(segment, offset_ms)
        if words:
            yield Segment(
                start_ms=words[0].start_ms,
                end_ms=words[-1].end_ms,
                text=segment.text.strip() or " ".join(word.text for word in words),
                words=words,
                average_log_probability=segment.avg_logprob,
                no_speech_probability=segment.no_speech_prob,
            )


def _whole(words: Sequence[TimedWord]) -> list[TimedSegment]:
    if not words:
        return []
    return [TimedSegment(start=words[0].start, end=words[-1].end + 1.0, text="")]


def _middle(word: TimedWord) -> float:
    return (word.start + word.end) / 2


def _timed(words: Sequence[TimedWord], offset_ms: int) -> tuple[Word, ...]:
    return tuple(
        Word(offset_ms + _ms(word.start), offset_ms + _ms(word.end), word.word.strip())
        for word in words
        if word.word.strip()
    )


def _shared(segment: TimedSegment, offset_ms: int) -> tuple[Word, ...]:
    return spread_words(segment.text, offset_ms + _ms(segment.start), offset_ms + _ms(segment.end))


def spread_words(text: str, start_ms: int, end_ms: int) -> tuple[Word, ...]:
    """Lay the words of a text over its time by their lengths, for want of measured times."""
    texts = text.split()
    total = sum(map(len, texts))
    words: list[Word] = []
    done = 0
    for one in texts:
        first, last = (
            start_ms + (end_ms - start_ms) * edge // total for edge in (done, done + len(one))
        )
        words.append(Word(first, last, one))
        done += len(one)
    return tuple(words)


def language_code(told: str) -> str | None:
    """Turn what services answer, ``english`` or ``en``, into a primary subtag."""
    told = told.strip().casefold()
    if told in LANGUAGES:
        return told
    return _codes_by_name().get(told)


@cache
def _codes_by_name() -> dict[str, str]:
    names = Locale("en").languages
    return {name.casefold(): code for code, name in names.items() if code in LANGUAGES}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
