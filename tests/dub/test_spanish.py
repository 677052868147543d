"""A Spanish film with subtitles becomes English speech that a recogniser understands."""

import json
from pathlib import Path

import numpy as np
import pytest

from dubbing_pipeline.engines.program import find_program
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.engines.whisper import SAMPLE_RATE_HZ, open_whisper
from lib.film_facts import FilmFacts
from lib.installation import Ended, Installation
from lib.samples import sample
from lib.tools import lack, need
from scoring.words import word_errors


@pytest.fixture(scope="module")
def dubbed(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    for program in ("ffmpeg", "apertium"):
        need(program)
    if find_program("piper") is None:
        lack("Piper is not installed; scripts/setup brings it")
    installation = Installation(tmp_path_factory.mktemp("spanish"))
    film = sample("spanish")
    words = ("--from", "es", "--to", "en", "--mode", "medium", "--subtitles", film.subtitles)
    out = ("--out", installation.folder / "out", "--json")
    ended = installation.call("run", film.film, *words, *out)
    assert ended.code == 0, ended.steps
    return ended


def test_a_recogniser_understands_what_is_said(dubbed: Ended, tmp_path: Path) -> None:
    settings = EngineSettings(models_dir=tmp_path, cache_dir=tmp_path, offline=True)
    whisper = open_whisper(settings, "tiny.en")
    film = FilmFacts(Path(dubbed.said["output"]))
    sound = film.sound(0, 0, film.duration_s, SAMPLE_RATE_HZ).astype(np.float32)
    heard = whisper.transcribe(sound, language="en", tick=lambda _: None)
    said = " ".join(line["target"] for line in lines(dubbed))
    assert word_errors(said, " ".join(each.text for each in heard.segments)).rate <= 0.15


def lines(dubbed: Ended) -> list[dict[str, str]]:
    timeline = json.loads((dubbed.folder / "timeline.json").read_text())
    found: list[dict[str, str]] = timeline["lines"]
    return found


def test_every_subtitle_is_a_line_in_english(dubbed: Ended) -> None:
    assert [line["source"] for line in lines(dubbed)] == [
        line.text for line in sample("spanish").truth.lines
    ]
    assert not [line for line in lines(dubbed) if line["source"] == line["target"]]


def test_the_tracks_say_which_language_they_are(dubbed: Ended) -> None:
    film = FilmFacts(Path(dubbed.said["output"]))
    assert film.languages("audio") == film.languages("subtitle") == ["eng", "spa"]
