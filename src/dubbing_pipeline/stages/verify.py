"""Measure the finished dub: the stem line by line, the film as a whole. Nothing is taken on trust.

``metrics`` holds what does not depend on who ran the dub and how fast; ``stages.report`` joins it
with the times of a run. A film that fails a hard check fails its job, and its metrics are kept.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

from dubbing_pipeline.engines.base import Samples, SpeechDetector, SpeechSpan, Tick, Transcriber
from dubbing_pipeline.errors import EngineMissing, VerifyFailed
from dubbing_pipeline.model.speech import Timeline
from dubbing_pipeline.stages.artifacts import put_json, read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Json, Keys, StageCall, digest
from dubbing_pipeline.stages.documents import read_timeline
from dubbing_pipeline.stages.finished_film import Screening
from dubbing_pipeline.stages.listening import (
    Spoken,
    heard,
    measure_lines,
    source_words_heard,
    spoken_lines,
    untranslated,
)
from dubbing_pipeline.stages.metrics import Hearing, is_doubtful, metrics_of
from dubbing_pipeline.stages.takes import read_takes

_LONG_MS = 120_000
"""From this length on a recogniser is asked in any case: it takes seconds, whatever the film."""


class Verify:
    """``input``, ``film``, ``stem``, ``source_speech``, ``timeline``, ``takes`` to ``metrics``.

    Engines: ``detector``, and ``transcriber`` if one is at hand.
    """

    name: ClassVar[str] = "verify"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        """Measure, and refuse what is no dub.

        Raises:
            VerifyFailed: A hard check failed. ``checks`` names them, ``report`` is the key of
                the metrics.
        """
        key = call.key("metrics")
        if not context.artifacts.has(key):
            put_json(context.artifacts, key, _measure(call, context))
        metrics = read_json(context.artifacts, key)
        if not metrics["passed"]:
            raise VerifyFailed("stages.verify_failed", checks=_failed(metrics), report=key)
        return {"metrics": key}


def _failed(metrics: Json) -> str:
    failed = [check for check in metrics["checks"] if check["hard"] and not check["ok"]]
    return ", ".join(
        f"{check['name']} {check['value']:g} ({sign} {check['limit']:g})"
        for check in failed
        for sign in [">=" if check["at_least"] else "<="]
    )


def _measure(call: StageCall, context: StageContext) -> dict[str, Json]:
    store = context.artifacts
    timeline = read_timeline(store.fetch(call.inputs["timeline"]))
    lines = spoken_lines(timeline, read_takes(store, call.inputs["takes"]))
    with ExitStack() as stack:
        stem, source = (
            stack.enter_context(
                heard(
                    store.fetch(call.inputs[role]),
                    store,
                    duration_ms=timeline.duration_ms,
                    tick=_no_news(context),
                )
            )
            for role in ("stem", "source_speech")
        )
        audition = Audition(call, context, timeline, lines, stem, source)
        return metrics_of(timeline, audition.hearing(), audition.screening().measure())


@dataclass(frozen=True, slots=True)
class Audition:
    """One dub under examination. ``stem`` and ``source`` are 16 kHz samples."""

    call: StageCall
    context: StageContext
    timeline: Timeline
    lines: Sequence[Spoken]
    stem: Samples
    source: Samples

    def hearing(self) -> Hearing:
        """Listen to source and stem."""
        quiet = _no_news(self.context)
        detector = self.context.engines.speech_detector(self.call.engines["detector"])
        lines = measure_lines(
            self.lines,
            stem=self.stem,
            source=self.source,
            artifacts=self.context.artifacts,
            tick=lambda done: self.context.tick(0.3 * done),
        )
        hearing = Hearing(
            lines=lines,
            source=self._source_spans(detector),
            dub=detector.detect(self.stem, tick=quiet),
            untranslated=untranslated(self.timeline, self.lines),
        )
        if self.timeline.duration_ms < _LONG_MS and not is_doubtful(hearing):
            return hearing
        return replace(hearing, source_words=self._source_words())

    def _source_spans(self, detector: SpeechDetector) -> tuple[SpeechSpan, ...]:
        """Find speech in the source: once a film, whatever is changed in its dub."""
        store = self.context.artifacts
        facts = {
            "speech": self.call.inputs["source_speech"],
            "by": asdict(self.call.engines["detector"]),
        }
        key = digest({"detected": facts})
        if not store.has(key):
            found = detector.detect(self.source, tick=_no_news(self.context))
            put_json(store, key, [[span.start_ms, span.end_ms] for span in found])
        return tuple(SpeechSpan(*pair) for pair in read_json(store, key))

    def screening(self) -> Screening:
        """Put the film beside what it was made from."""
        store, inputs = self.context.artifacts, self.call.inputs
        return Screening(
            film=store.fetch(inputs["film"]),
            original=store.fetch(inputs["input"]),
            timeline=self.timeline,
            lines=self.lines,
            stem=self.stem,
            source=self.source,
            artifacts=store,
            tick=_no_news(self.context),
        )

    def _source_words(self) -> float | None:
        engine = self._recogniser()
        if engine is None:
            return None
        quiet = _no_news(self.context)
        return source_words_heard(engine, self.timeline, self.lines, self.stem, quiet)

    def _recogniser(self) -> Transcriber | None:
        """Give a recogniser that knows the source language and costs nothing to ask."""
        if "transcriber" not in self.call.engines:
            return None
        try:
            engine = self.context.engines.transcriber(self.call.engines["transcriber"])
        except EngineMissing:
            return None  # the words came from a subtitle, or from a run before this one
        able = engine.capabilities
        known = self.timeline.source_language in able.languages
        return engine if known and not able.needs_network else None


def _no_news(context: StageContext) -> Tick:
    """Make a tick for work of unknown share: it can be stopped, and tells nothing new."""
    return lambda _: context.tick(0.3)


STAGE = Verify()
