"""Ears without a model: recognisers that count, doubt, change their mind or break off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dubbing_pipeline.engines.base import (
    Capabilities,
    EngineRef,
    Samples,
    Segment,
    SpeechDetector,
    Synthesizer,
    Tick,
    Transcriber,
    Transcript,
    Translator,
)
from dubbing_pipeline.engines.fake import FakeDetector, FakeTranscriber
from dubbing_pipeline.media.flac import write_flac
from dubbing_pipeline.stages.artifacts import ArtifactStore
from dubbing_pipeline.stages.call import digest

RATE_HZ = 16_000
REF = EngineRef("fake", "1")


@dataclass
class CountingTranscriber:
    """The shipped fake, with a list of what it was asked; ``change`` may alter its answers."""

    change: Callable[[Transcript, int], Transcript] = lambda transcript, _: transcript
    asked: list[tuple[float, str | None]] = field(default_factory=list)
    inner: FakeTranscriber = field(default_factory=FakeTranscriber)

    @property
    def ref(self) -> EngineRef:
        return REF

    @property
    def capabilities(self) -> Capabilities:
        return self.inner.capabilities

    def transcribe(self, samples: Samples, *, language: str | None, tick: Tick) -> Transcript:
        self.asked.append((samples.size / RATE_HZ, language))
        found = self.inner.transcribe(samples, language=language, tick=tick)
        return self.change(_distinct(found, len(self.asked)), len(self.asked))


def _distinct(found: Transcript, asked: int) -> Transcript:
    """Begin each segment with a word of its own, so that no phrase comes twice."""
    segments = []
    for index, each in enumerate(found.segments):
        first = replace(each.words[0], text=f"Number{asked}x{index}")
        segments.append(replace(each, words=(first, *each.words[1:])))
    return replace(found, segments=tuple(segments))


@dataclass
class Ears:
    """An engine source that knows a detector and a transcriber."""

    heard: Transcriber
    detector: SpeechDetector = field(default_factory=FakeDetector)

    def transcriber(self, ref: EngineRef) -> Transcriber:
        assert ref == REF
        return self.heard

    def speech_detector(self, ref: EngineRef) -> SpeechDetector:
        assert ref == REF
        return self.detector

    def translator(self, ref: EngineRef) -> Translator:
        raise AssertionError(ref)

    def synthesizer(self, ref: EngineRef) -> Synthesizer:
        raise AssertionError(ref)


def segment(text: str, start_ms: int = 0, end_ms: int = 1000, probability: float = 0.0) -> Segment:
    """A segment without word times."""
    return Segment(start_ms, end_ms, text, (), average_log_probability=probability)


def buzz(length_s: float, hz: float = 120.0) -> Samples:
    """A sound with a pitch, as loud as speech."""
    time = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * hz * n * time) / n for n in range(1, 20))
    return np.asarray(0.1 * wave, dtype=np.float32)


def bursts(count: int, *, length_s: float = 3.0, pause_s: float = 1.0) -> Samples:
    """Sounds with pauses between them, a pause first."""
    one = np.concatenate([np.zeros(round(pause_s * RATE_HZ), np.float32), buzz(length_s)])
    return np.tile(one, count)


def put_sound(artifacts: ArtifactStore, parts: Sequence[Samples]) -> str:
    """Store 16 kHz mono sound, and give its key."""
    sound = np.concatenate(list(parts)).astype(np.float32)
    path: Path = artifacts.scratch(".flac")
    write_flac(path, sound[:, None], sample_rate_hz=RATE_HZ)
    key = digest(sound.tobytes().hex()[:4096] + str(sound.size))
    artifacts.put(key, path)
    return key
