"""Mix the dub with the original, in blocks, at a loudness measured twice.

The first pass measures the mix as it is; its gain to the target is the *master gain*. The second
pass applies it and limits peaks, which can cost a little loudness, so the result is measured and,
for a first mix, corrected once. A later mix of the same film is given the gain of the first one:
then it differs only where a line does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from dubbing_pipeline.media.audio import SILENCE_LUFS, measure_lufs
from dubbing_pipeline.media.flac import FlacWriter, SpanReader
from dubbing_pipeline.stages.artifacts import put_json, read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Keys, StageCall
from dubbing_pipeline.stages.documents import read_timeline
from dubbing_pipeline.stages.mixing import RATE_HZ, REACH_MS, Sound, Span, limit, samples_of
from dubbing_pipeline.stages.score import Score
from dubbing_pipeline.stages.takes import read_takes

TARGET_LUFS = -16.0
_NEAR_LU = 0.2
_MOST_DB = 30.0
"""No film with a voice in it needs more; one without would be all noise."""

_HEADROOM_DB = 18.0
"""The unlimited mix is written this much lower, so that it cannot clip."""

_BLOCK = 20 * RATE_HZ


class Mix:
    """``sound``, ``timeline``, ``takes``, ``speech_spans`` to the dub's sound.

    A later mix is also given ``settled`` and ``master`` of the first one.

    Makes ``dub`` (48 kHz stereo FLAC), ``stem`` (the dub voices alone, mono, same gain) and
    ``master`` (JSON, ``gain_db``).
    """

    name: ClassVar[str] = "mix"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        with SpanReader(context.artifacts.fetch(call.inputs["sound"])) as sound:
            score = open_score(call, context, sound)
            desk = Desk(score, score.end(sound.frames), context)
            if "master" in call.inputs:
                gain_db = float(read_json(context.artifacts, call.inputs["master"])["gain_db"])
                mix = desk.render(gain_db)
            else:
                gain_db, mix = desk.master()
        context.artifacts.put(call.key("dub"), mix.dub)
        context.artifacts.put(call.key("stem"), mix.stem)
        return {
            "dub": call.key("dub"),
            "stem": call.key("stem"),
            "master": put_json(context.artifacts, call.key("master"), {"gain_db": gain_db}),
        }


def open_score(call: StageCall, context: StageContext, sound: SpanReader) -> Score:
    """Read what the call names into a score."""
    timeline = read_timeline(context.artifacts.fetch(call.inputs["timeline"]))
    settled = timeline
    if "settled" in call.inputs:
        settled = read_timeline(context.artifacts.fetch(call.inputs["settled"]))
    return Score(
        timeline,
        read_takes(context.artifacts, call.inputs["takes"]),
        settled=settled,
        sound=sound,
        sound_key=call.inputs["sound"],
        speech_spans=read_json(context.artifacts, call.inputs["speech_spans"]),
        artifacts=context.artifacts,
    )


def mixed(score: Score, block: Span, gain_db: float) -> tuple[Sound, Sound]:
    """Mix one block; the same samples whatever the block's borders are.

    Returns:
        The mix, shape ``(n, 2)``, and the dub voices alone, shape ``(n, 1)``.
    """
    margin = samples_of(REACH_MS)
    bed, voices = score.read(Span(block.start - margin, block.end + margin))
    gain = np.float32(10 ** (gain_db / 20))
    mix = limit((bed + voices[:, None]) * gain)
    stem = np.clip(voices[:, None] * gain, -1.0, 1.0)
    return mix[margin:-margin], stem[margin:-margin]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Two temporary files: the mix, and the dub voices alone."""

    dub: Path
    stem: Path


class Desk:
    """Renders a score block by block, and finds how loud it must be."""

    def __init__(self, score: Score, frames: int, context: StageContext) -> None:
        self._score = score
        self._frames = frames
        self._context = context

    def master(self) -> tuple[float, Rendered]:
        """Find the gain that brings the limited mix to the target, and render with it."""
        gain_db = _louder(0.0, self._loudness_unlimited())
        mix = self.render(gain_db)
        nearer_db = _louder(gain_db, self._loudness(mix.dub))
        if abs(nearer_db - gain_db) <= _NEAR_LU:
            return gain_db, mix
        mix.dub.unlink()
        mix.stem.unlink()
        return nearer_db, self.render(nearer_db)

    def render(self, gain_db: float) -> Rendered:
        """Write the mix and its stem.

        Raises:
            OutOfSpace: The disk is full.
        """
        mix = Rendered(self._scratch(), self._scratch())
        with _writer(mix.dub, 2) as dub, _writer(mix.stem, 1) as stem:
            for block in self._blocks():
                sound, voices = mixed(self._score, block, gain_db)
                dub.write(sound)
                stem.write(voices)
        return mix

    def _loudness_unlimited(self) -> float:
        """Measure the mix before any gain; written lower, so that it cannot clip."""
        path = self._scratch()
        with _writer(path, 2) as file:
            for block in self._blocks():
                bed, voices = self._score.read(block)
                file.write((bed + voices[:, None]) * np.float32(10 ** (-_HEADROOM_DB / 20)))
        loudness = self._loudness(path)
        path.unlink()
        return loudness + _HEADROOM_DB if loudness > SILENCE_LUFS else loudness

    def _loudness(self, path: Path) -> float:
        """Measure, in LUFS."""
        duration_ms = self._frames * 1000 // RATE_HZ
        return measure_lufs(path, duration_ms=duration_ms)

    def _blocks(self) -> Iterator[Span]:
        for start in range(0, self._frames, _BLOCK):
            self._context.tick(start / self._frames)
            yield Span(start, min(start + _BLOCK, self._frames))

    def _scratch(self) -> Path:
        return self._context.artifacts.scratch(".flac")


def _louder(gain_db: float, loudness_lufs: float) -> float:
    """Give the gain that brings a mix to the target; silence is left as quiet as it is."""
    if loudness_lufs <= SILENCE_LUFS:
        return gain_db
    return min(_MOST_DB, round(gain_db + TARGET_LUFS - loudness_lufs, 3))


def _writer(path: Path, channels: int) -> FlacWriter:
    return FlacWriter(path, sample_rate_hz=RATE_HZ, channels=channels)


STAGE = Mix()
