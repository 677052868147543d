"""Recognises one chunk of a film: windows in, utterances with true times out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from dubbing_pipeline.engines.base import Samples, Segment, SpeechSpan, Tick, Transcriber
from dubbing_pipeline.engines.hallucination import is_doubtful
from dubbing_pipeline.model.speech import Word
from dubbing_pipeline.stages.doubts import believed, holes
from dubbing_pipeline.stages.transcript import Heard, Utterance
from dubbing_pipeline.stages.windows import CUTTING, Chunk, Window
from dubbing_pipeline.stages.word_times import levels, placed, sound_runs

HOLE_MS = 1200
"""Speech without words from this length on is heard a second time, alone."""
SURE_AGAIN = -0.8
"""Average log probability that a second hearing must reach: alone, music is easily misheard."""

Read = Callable[[int, int], Samples]
"""Gives 16 kHz mono samples between two times in ms."""


@dataclass(frozen=True, slots=True)
class Ear:
    """Hears windows with one engine, in one language or in whatever the engine finds."""

    read: Read
    transcriber: Transcriber
    language: str | None

    def hear(self, chunk: Chunk, spans: Sequence[SpeechSpan], tick: Tick) -> Heard:
        """Recognise a chunk.

        Args:
            chunk: From ``windows.cut_chunks``.
            spans: All speech within the chunk.
            tick: Progress and cancel.

        Raises:
            LanguageUnsupported: From the engine.
            EngineFailed: From the engine.
        """
        parts = []
        for index, window in enumerate(chunk):
            inside = _inside(spans, window.start_ms, window.end_ms)
            share = _shared(tick, index / len(chunk), (index + 1) / len(chunk))
            parts.append(self._window(window, inside, share))
        first = parts[0]
        return replace(
            first,
            duration_ms=chunk[-1].end_ms - chunk[0].start_ms,
            utterances=tuple(each for part in parts for each in part.utterances),
            rejected=tuple(each for part in parts for each in part.rejected),
        )

    def _window(self, window: Window, spans: Sequence[SpeechSpan], tick: Tick) -> Heard:
        heard = self._recognise(window, spans, tick)
        words = sorted(_words(heard.utterances), key=lambda word: word.start_ms)
        for hole in holes(spans, words, HOLE_MS):
            around = self._around(hole, window, words)
            again = self._recognise(Window((around,)), (hole,), tick, heard.language)
            sure = [each for each in again.utterances if _is_sure(each)]
            heard = replace(heard, utterances=_merged(heard.utterances, sure))
        return replace(heard, utterances=self._timed(heard.utterances, window, spans))

    def _around(self, hole: SpeechSpan, window: Window, words: Sequence[Word]) -> SpeechSpan:
        """Widen a hole by the usual padding, but not into words or out of the window."""
        before = [word.end_ms for word in words if word.end_ms <= hole.start_ms]
        after = [word.start_ms for word in words if word.start_ms >= hole.end_ms]
        return SpeechSpan(
            max(hole.start_ms - CUTTING.pad_ms, *before[-1:], window.start_ms),
            min(hole.end_ms + CUTTING.pad_ms, *after[:1], window.end_ms),
        )

    def _recognise(
        self, window: Window, spans: Sequence[SpeechSpan], tick: Tick, language: str = ""
    ) -> Heard:
        sound = np.concatenate([self.read(each.start_ms, each.end_ms) for each in window.stretches])
        told = self.language or language or None
        transcript = self.transcriber.transcribe(sound, language=told, tick=tick)
        kept: list[Utterance] = []
        rejected = [_on_film(segment, window) for segment in transcript.rejected]
        for segment in transcript.segments:
            utterance = _on_film(segment, window)
            left = None if is_doubtful(segment) else believed(utterance, spans)
            (rejected if left is None else kept).append(left or utterance)
        return Heard(
            transcript.language,
            0,
            tuple(kept),
            language_probability=transcript.language_probability,
            rejected=tuple(rejected),
        )

    def _timed(
        self, utterances: Sequence[Utterance], window: Window, spans: Sequence[SpeechSpan]
    ) -> tuple[Utterance, ...]:
        """Put the words of a window where its sound is."""
        runs = [
            run
            for stretch in window.stretches
            for run in sound_runs(
                _inside(spans, stretch.start_ms, stretch.end_ms),
                levels(self.read(stretch.start_ms, stretch.end_ms)),
                stretch.start_ms,
            )
        ]
        words = placed(list(_words(utterances)), runs)
        return tuple(_rebuilt(utterances, words))


def _inside(spans: Sequence[SpeechSpan], start_ms: int, end_ms: int) -> tuple[SpeechSpan, ...]:
    """Give the spans within a stretch, clipped to it."""
    return tuple(
        SpeechSpan(max(span.start_ms, start_ms), min(span.end_ms, end_ms))
        for span in spans
        if span.start_ms < end_ms and span.end_ms > start_ms
    )


def _shared(tick: Tick, begin: float, end: float) -> Tick:
    return lambda progress: tick(begin + (end - begin) * min(progress, 1.0))


def _words(utterances: Sequence[Utterance]) -> Iterator[Word]:
    return (word for utterance in utterances for word in utterance.words)


def _is_sure(utterance: Utterance) -> bool:
    return utterance.average_log_probability >= SURE_AGAIN


def _merged(first: Sequence[Utterance], more: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """Lay what a second hearing found between the rest, splitting an utterance around it."""
    if not more:
        return tuple(first)
    cuts = [utterance.start_ms for utterance in more]
    pieces = [piece for utterance in first for piece in _split_at(utterance, cuts)]
    return tuple(sorted([*pieces, *more], key=lambda utterance: utterance.start_ms))


def _split_at(utterance: Utterance, cuts: Sequence[int]) -> Iterator[Utterance]:
    places = [sum(word.start_ms < cut for word in utterance.words) for cut in sorted(cuts)]
    edges = sorted({0, *places, len(utterance.words)})
    for first, last in pairwise(edges):
        yield _of_words(utterance, utterance.words[first:last])


def _of_words(utterance: Utterance, words: Sequence[Word]) -> Utterance:
    return replace(
        utterance,
        words=tuple(words),
        text=" ".join(word.text for word in words),
        start_ms=words[0].start_ms,
        end_ms=words[-1].end_ms,
    )


def _rebuilt(utterances: Sequence[Utterance], words: Sequence[Word]) -> Iterator[Utterance]:
    at = 0
    for utterance in utterances:
        yield _of_words(utterance, words[at : at + len(utterance.words)])
        at += len(utterance.words)


def _on_film(segment: Segment, window: Window) -> Utterance:
    start_ms, end_ms = window.on_film(segment.start_ms, segment.end_ms)
    words = segment.words or _spread(segment)
    return Utterance(
        start_ms,
        end_ms,
        segment.text,
        tuple(_word_on_film(word, window) for word in words),
        average_log_probability=segment.average_log_probability,
        no_speech_probability=segment.no_speech_probability,
    )


def _word_on_film(word: Word, window: Window) -> Word:
    start_ms, end_ms = window.on_film(word.start_ms, word.end_ms)
    return replace(word, start_ms=start_ms, end_ms=max(end_ms, start_ms + 1))


def _spread(segment: Segment) -> tuple[Word, ...]:
    """Lay the words of an engine that knows no word times over their segment, by length."""
    texts = segment.text.split()
    lengths = np.cumsum([0, *(len(text) + 1 for text in texts)])
    length_ms = segment.end_ms - segment.start_ms
    edges = [segment.start_ms + round(length_ms * each / lengths[-1]) for each in lengths.tolist()]
    return tuple(
        Word(start_ms, end_ms, text)
        for text, (start_ms, end_ms) in zip(texts, pairwise(edges), strict=True)
    )
