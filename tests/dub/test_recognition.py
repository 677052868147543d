"""The recogniser that needs no download understands the samples."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.engines.base import Samples, Transcriber
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.whisper import SAMPLE_RATE_HZ, open_whisper
from lib.samples import sample
from scoring.words import word_errors


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Transcriber:
    empty = tmp_path_factory.mktemp("nothing")
    settings = EngineSettings(models_dir=empty, cache_dir=empty, offline=True)
    return open_whisper(settings, "tiny.en")


def sound_of(film: Path) -> Samples:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(film), "-map", "0:a:0"]
    form = ["-ac", "1", "-ar", str(SAMPLE_RATE_HZ), "-f", "f32le", "-"]
    return np.frombuffer(
        subprocess.run([*command, *form], check=True, capture_output=True).stdout, dtype="<f4"
    )


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("clean", 0.05),
        ("three", 0.05),
        ("silences", 0.05),
        ("long", 0.05),
        ("noisy", 0.15),
        ("surround", 0.15),
    ],
)
def test_what_is_said_is_understood(whisper: Transcriber, name: str, limit: float) -> None:
    film = sample(name)
    heard = whisper.transcribe(sound_of(film.film), language="en", tick=lambda _: None)
    text = " ".join(segment.text for segment in heard.segments)
    assert word_errors(film.truth.text, text).rate <= limit


def test_music_says_nothing(whisper: Transcriber) -> None:
    heard = whisper.transcribe(sound_of(sample("music").film), language="en", tick=lambda _: None)
    assert heard.segments == ()
