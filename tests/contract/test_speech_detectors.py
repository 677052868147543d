"""What every speech detector does, whoever it is."""

from typing import cast

import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples, SpeechDetector
from dubbing_pipeline.engines.registry import Registry
from lib.engines import DETECTORS, RATE_HZ, need_engine, silent

every_detector = pytest.mark.parametrize("name", DETECTORS)


@every_detector
def test_speech_is_found_where_it_is(engines: Registry, speech: Samples, name: str) -> None:
    engine = cast("SpeechDetector", need_engine(engines, "detect_speech", name))
    spans = engine.detect(speech, tick=silent)
    end_ms = speech.size * 1000 // RATE_HZ
    assert 1_800 <= spans[0].start_ms <= 2_500
    assert end_ms - 2_500 <= spans[-1].end_ms <= end_ms - 1_500
    edges = [edge for span in spans for edge in (span.start_ms, span.end_ms)]
    assert edges == sorted(edges)


@every_detector
@pytest.mark.parametrize("seconds", [0, 1, 3])
def test_silence_has_no_speech(engines: Registry, name: str, seconds: int) -> None:
    engine = cast("SpeechDetector", need_engine(engines, "detect_speech", name))
    assert engine.detect(np.zeros(seconds * RATE_HZ, np.float32), tick=silent) == ()


def test_music_is_no_speech_to_silero(engines: Registry) -> None:
    engine = cast("SpeechDetector", need_engine(engines, "detect_speech", "silero"))
    time = np.arange(10 * RATE_HZ) / RATE_HZ
    tones = [np.sin(2 * np.pi * hz * time) for hz in (220.0, 277.2, 329.6)]
    chord = np.mean(tones, axis=0).astype(np.float32)
    assert engine.detect(chord, tick=silent) == ()


def test_silero_finds_the_same_in_blocks_as_in_one_run(engines: Registry, speech: Samples) -> None:
    from faster_whisper.vad import get_vad_model  # noqa: PLC0415

    engine = need_engine(engines, "detect_speech", "silero")
    film = np.tile(speech, 5)
    padded = np.pad(film, (0, -film.size % 512))
    blocks = engine._blocks(film, silent)  # type: ignore[attr-defined]
    assert np.array_equal(np.concatenate(list(blocks)), get_vad_model()(padded).reshape(-1))
