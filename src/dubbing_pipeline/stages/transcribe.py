"""Hear a film: where somebody speaks, and which words. Or read its subtitles instead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from dubbing_pipeline.engines.base import Samples, SpeechDetector, SpeechSpan
from dubbing_pipeline.errors import NothingToDub, UsageError
from dubbing_pipeline.media.flac import SpanReader
from dubbing_pipeline.media.subtitles import read_subtitles
from dubbing_pipeline.stages.artifacts import put_json, read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Keys, StageCall
from dubbing_pipeline.stages.cue_times import on_speech
from dubbing_pipeline.stages.doubts import refuse_nonsense, refuse_silence
from dubbing_pipeline.stages.hearing import Ear
from dubbing_pipeline.stages.transcript import (
    Heard,
    from_cues,
    heard_from,
    heard_json,
    in_one_language,
)
from dubbing_pipeline.stages.windows import Chunk, cut_chunks, split_long
from dubbing_pipeline.stages.word_times import FRAME_MS, levels

BLOCK_MS = 300_000
"""Sound that a detector is handed at once: five minutes are 19 MB."""
LEAD_MS = 5_000
"""Sound before a block that the detector hears first, to find its bearings."""
SURE_LANGUAGE = 0.8
"""Probability from which one chunk settles the language."""
LANGUAGE_CHUNKS = 3
"""Chunks that are asked for their language at most."""
_DETECTING = 0.1
"""Share of the work that the detector is."""


class Transcribe:
    """``speech`` (16 kHz mono) to ``transcript`` and ``speech_spans``.

    With ``subtitles`` the words come from there, and nothing is recognised. Each chunk of about
    a minute is stored as soon as it is recognised.
    """

    name: ClassVar[str] = "transcribe"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        """See ``Stage``.

        Raises:
            NothingToDub: Nobody speaks, or no words can be made out.
            EngineFailed: The engine broke, or what it heard cannot have been said.
            LanguageUnsupported: The model does not know the language, or cannot find it out.
            UsageError: Subtitles came without their language.
        """
        with SpanReader(context.artifacts.fetch(call.inputs["speech"])) as sound:
            work = _Work(call, context, sound)
            heard = work.read() if "subtitles" in call.inputs else work.hear()
            spans = work.spans()
        if not spans:
            cues = [SpeechSpan(each.start_ms, each.end_ms) for each in heard.utterances]
            _append(spans, cues, lead_ms=0, begin_ms=0)
        pairs = [[span.start_ms, span.end_ms] for span in spans]
        return {
            "transcript": put_json(context.artifacts, call.key("transcript"), heard_json(heard)),
            "speech_spans": put_json(context.artifacts, call.key("speech_spans"), pairs),
        }


STAGE = Transcribe()


@dataclass(frozen=True, slots=True)
class _Work:
    """One run of the stage."""

    call: StageCall
    context: StageContext
    sound: SpanReader

    def read(self) -> Heard:
        """Take the words from subtitles."""
        language = self.call.params["language"]
        if not language:
            raise UsageError("stages.subtitles_language")
        cues = read_subtitles(self.context.artifacts.fetch(self.call.inputs["subtitles"]))
        heard = from_cues(cues, language=language, duration_ms=self.sound.duration_ms)
        if not heard.utterances:
            raise NothingToDub("stages.subtitles_empty", seconds=round(heard.duration_ms / 1000))
        return replace(heard, utterances=on_speech(heard.utterances, self.spans()))

    def hear(self) -> Heard:
        """Recognise the film, chunk by chunk."""
        spans = self.spans()
        refuse_silence(spans, self.sound.duration_ms)
        chunks = cut_chunks(split_long(spans, self._quietest_ms), self.sound.duration_ms)
        language = self.call.params["language"] or self._language(chunks, spans)
        parts = []
        for index, chunk in enumerate(chunks):
            begin, end = (
                _DETECTING + (1 - _DETECTING) * at / len(chunks) for at in (index, index + 1)
            )
            parts.append(self._chunk(chunk, spans, language, progress=(begin, end)))
        heard = in_one_language(parts, language, self.sound.duration_ms)
        refuse_nonsense(heard, spans)
        return heard

    def spans(self) -> list[SpeechSpan]:
        """Find speech, block by block; found once, then read. Empty without a detector."""
        if "detector" not in self.call.engines:
            return []
        key = self.call.key("detected")
        if not self.context.artifacts.has(key):
            detector = self.context.engines.speech_detector(self.call.engines["detector"])
            found = [[span.start_ms, span.end_ms] for span in self._detect(detector)]
            put_json(self.context.artifacts, key, found)
        return [SpeechSpan(*pair) for pair in read_json(self.context.artifacts, key)]

    def _detect(self, detector: SpeechDetector) -> list[SpeechSpan]:
        duration_ms = self.sound.duration_ms
        found: list[SpeechSpan] = []
        for begin_ms in range(0, duration_ms, BLOCK_MS):
            self.context.tick(_DETECTING * begin_ms / duration_ms)
            lead_ms = max(begin_ms - LEAD_MS, 0)
            end_ms = min(begin_ms + BLOCK_MS, duration_ms)
            heard = detector.detect(self._samples(lead_ms, end_ms), tick=lambda _: None)
            _append(found, heard, lead_ms=lead_ms, begin_ms=begin_ms)
        return found

    def _language(self, chunks: Sequence[Chunk], spans: Sequence[SpeechSpan]) -> str:
        """Let the recogniser say which language the first minutes of speech are in."""
        weights: dict[str, float] = {}
        for chunk in chunks[:LANGUAGE_CHUNKS]:
            heard = self._chunk(chunk, spans, None, progress=(_DETECTING, _DETECTING))
            if heard.language_probability >= SURE_LANGUAGE:
                return heard.language
            weight = heard.language_probability * heard.duration_ms
            weights[heard.language] = weights.get(heard.language, 0.0) + weight
        return max(weights, key=lambda language: weights[language])

    def _chunk(
        self,
        chunk: Chunk,
        spans: Sequence[SpeechSpan],
        language: str | None,
        *,
        progress: tuple[float, float],
    ) -> Heard:
        """Recognise one chunk, or read it if it was recognised before."""
        begin, end = progress
        key = self.call.key(
            "chunk", start_ms=chunk[0].start_ms, end_ms=chunk[-1].end_ms, language=language
        )
        if not self.context.artifacts.has(key):
            transcriber = self.context.engines.transcriber(self.call.engines["transcriber"])
            ear = Ear(self._samples, transcriber, language)
            heard = ear.hear(chunk, spans, lambda at: self.context.tick(begin + (end - begin) * at))
            put_json(self.context.artifacts, key, heard_json(heard))
        self.context.tick(end)
        return heard_from(read_json(self.context.artifacts, key))

    def _quietest_ms(self, start_ms: int, end_ms: int) -> int:
        level = levels(self._samples(start_ms, end_ms))
        calm = np.convolve(level, np.full(20, 1 / 20), mode="same")
        return start_ms + int(np.argmin(calm[10:-10]) + 10) * FRAME_MS

    def _samples(self, start_ms: int, end_ms: int) -> Samples:
        return self.sound.span(start_ms, end_ms)[:, 0]


def _append(
    found: list[SpeechSpan], heard: Sequence[SpeechSpan], *, lead_ms: int, begin_ms: int
) -> None:
    """Add spans in order, without those of a lead-in; what touches or overlaps grows together."""
    for span in heard:
        start_ms, end_ms = span.start_ms + lead_ms, span.end_ms + lead_ms
        if end_ms <= begin_ms:
            continue
        start_ms = max(start_ms, begin_ms)
        if found and start_ms <= found[-1].end_ms:
            found[-1] = SpeechSpan(found[-1].start_ms, max(found[-1].end_ms, end_ms))
        else:
            found.append(SpeechSpan(start_ms, end_ms))
