"""Bring every take to its planned length: by the voice itself where it can, else by stretching.

In a film that was dubbed before, a line nobody touched stays exactly where it was: the planner
sees it as a fixed span, and places only what was changed between those. It moves only if a
changed line of the same speaker now runs into it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from dubbing_pipeline.engines.base import Speech
from dubbing_pipeline.media.stretch import Stretch, stretch_all, stretcher
from dubbing_pipeline.model.speech import Fit as Fitted, Line, Timeline
from dubbing_pipeline.stages.artifacts import put_text
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.booth import Booth, Wanted
from dubbing_pipeline.stages.call import Keys, StageCall, digest
from dubbing_pipeline.stages.documents import read_timeline, timeline_text
from dubbing_pipeline.stages.mixing import RATE_HZ, samples_of
from dubbing_pipeline.stages.take import at_rate, resized, sounding
from dubbing_pipeline.stages.takes import (
    Take,
    Takes,
    put_speech,
    put_takes,
    read_speech,
    read_takes,
)
from dubbing_pipeline.stages.timing import Placing, plan

_PLACED = 1
"""Grows when the same take would be brought to the same length in another way."""

_AS_SPOKEN = 0.02
"""A tempo this close to 1 is left to the stretcher: the voice's own pace is that uneven."""

_EASY = (0.85, 1.15)
"""Where a voice's own rate sounds better than stretching; beyond, it changes the rhythm so much
that syllables end elsewhere than planned."""

_EXACT_S = 0.002

_BATCH = 32


class Fit:
    """``timeline`` and ``takes`` (and ``settled``) to ``timeline`` with fits, and ``takes``."""

    name: ClassVar[str] = "fit"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        timeline = read_timeline(context.artifacts.fetch(call.inputs["timeline"]))
        takes = read_takes(context.artifacts, call.inputs["takes"])
        fits = _fits(timeline, takes, _settled(call, context))
        placed = Placer(call, context, timeline.target_language).place(timeline, takes, fits)
        lines = tuple(replace(line, fit=fits.get(line.id)) for line in timeline.lines)
        text = timeline_text(replace(timeline, lines=lines))
        return {
            "timeline": put_text(context.artifacts, call.key("timeline"), text),
            "takes": put_takes(context.artifacts, call.key("takes"), placed),
        }


def _settled(call: StageCall, context: StageContext) -> Timeline | None:
    if "settled" not in call.inputs:
        return None
    return read_timeline(context.artifacts.fetch(call.inputs["settled"]))


def _fits(timeline: Timeline, takes: Takes, settled: Timeline | None) -> dict[int, Fitted]:
    kept = _kept(timeline, takes, settled) if settled else {}
    placings = [_placing(line, takes) for line in timeline.lines]
    return plan(placings, timeline.duration_ms, kept=kept)


def _placing(line: Line, takes: Takes) -> Placing:
    natural_ms = takes[line.id].natural_ms if line.id in takes else 0
    return Placing(line.id, line.start_ms, line.end_ms, line.speaker, natural_ms, line.audio_mode)


def _kept(timeline: Timeline, takes: Takes, settled: Timeline) -> dict[int, Fitted]:
    """Find the lines that sound as before: same place, same speaker, a take of the same length."""
    before = {line.id: line for line in settled.lines}
    kept: dict[int, Fitted] = {}
    for line in timeline.lines:
        old = before.get(line.id)
        if old is None or old.fit is None or line.id not in takes:
            continue
        same = (line.start_ms, line.end_ms, line.speaker, line.audio_mode, line.target)
        was = (old.start_ms, old.end_ms, old.speaker, old.audio_mode, old.target)
        if same == was and takes[line.id].natural_ms == old.fit.natural_ms:
            kept[line.id] = old.fit
    return kept


@dataclass(frozen=True, slots=True)
class _Order:
    """A take and the length in samples it shall have at the mix's rate.

    ``take`` is what is stretched: the natural one, or that line spoken at another rate.
    """

    natural: str
    take: str
    frames: int

    @property
    def key(self) -> str:
        return digest(
            {
                "placed": _PLACED,
                "natural": self.natural,
                "take": self.take,
                "frames": self.frames,
                "by": stretcher(),
            }
        )


class Placer:
    """Makes placed takes, and keeps them by content."""

    def __init__(self, call: StageCall, context: StageContext, language: str) -> None:
        self._context = context
        engine = call.engines["synthesizer"]
        self._booth = Booth(engine, language, context)
        self._engine = context.engines.synthesizer(engine)

    def place(
        self, timeline: Timeline, takes: Takes, fits: Mapping[int, Fitted]
    ) -> dict[int, Take]:
        """Make the placed takes that are not in the store yet; give the manifest with them."""
        respoken = self._respeak(timeline, takes, fits)
        orders = {
            line: _Order(takes[line].take, respoken.get(line, takes[line].take), _frames(fit))
            for line, fit in fits.items()
        }
        store = self._context.artifacts
        missing = [order for order in orders.values() if not store.has(order.key)]
        for begin in range(0, len(missing), _BATCH):
            self._context.tick(begin / len(missing))
            self._make(missing[begin : begin + _BATCH])
        return {
            line: replace(takes[line], take=order.take, placed=order.key)
            for line, order in orders.items()
        }

    def _respeak(
        self, timeline: Timeline, takes: Takes, fits: Mapping[int, Fitted]
    ) -> dict[int, str]:
        """Have lines spoken at their tempo, where the voice itself can do it."""
        able = self._engine.capabilities.native_rate
        slowest, fastest = max(able[0], _EASY[0]), min(able[1], _EASY[1])
        wanted = [
            Wanted(line.id, line.target, takes[line.id].voice, round(fits[line.id].tempo, 3))
            for line in timeline.lines
            if line.id in fits
            and abs(fits[line.id].tempo - 1.0) > _AS_SPOKEN
            and slowest <= fits[line.id].tempo <= fastest
        ]
        self._booth.record(wanted)
        return {each.line: self._booth.key(each) for each in wanted}

    def _make(self, orders: Sequence[_Order]) -> None:
        """Stretch takes to what is left of their tempo, and bring them to the mix's rate."""
        takes = [read_speech(self._context.artifacts, order.take) for order in orders]
        by_rate: dict[int, list[int]] = {}
        for index, take in enumerate(takes):
            by_rate.setdefault(take.sample_rate_hz, []).append(index)
        for rate_hz, indexes in by_rate.items():
            lines = [
                Stretch(takes[at].samples, self._tempo_left(takes[at], orders[at]))
                for at in indexes
            ]
            for at, samples in zip(indexes, stretch_all(lines, rate_hz), strict=True):
                sound = at_rate(Speech(samples, rate_hz), RATE_HZ)
                placed = Speech(resized(sound, orders[at].frames), RATE_HZ)
                put_speech(self._context.artifacts, orders[at].key, placed)

    def _tempo_left(self, take: Speech, order: _Order) -> float:
        """Give what a take still has to be stretched by; under 2 ms it is padded or left instead.

        What is brought to length is what is heard. The silence around it does not scale when a
        voice speaks faster, and counted in, it would make the words shorter than planned.
        """
        natural = read_speech(self._context.artifacts, order.natural)
        tempo = len(natural.samples) / natural.sample_rate_hz / (order.frames / RATE_HZ)
        wanted_s = _heard_s(natural) / tempo
        have_s = _heard_s(take)
        return 1.0 if abs(have_s - wanted_s) < _EXACT_S else have_s / wanted_s


def _heard_s(speech: Speech) -> float:
    first, last = sounding(speech.samples, speech.sample_rate_hz)
    return (last - first) / speech.sample_rate_hz


def _frames(fit: Fitted) -> int:
    return samples_of(fit.end_ms) - samples_of(fit.start_ms)


STAGE = Fit()
