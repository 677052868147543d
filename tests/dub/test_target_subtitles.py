"""With ``--target-subtitles`` the dub says the given words, and no others."""

import json
from pathlib import Path

import pytest

from lib.counted import calls, count_calls
from lib.installation import Installation
from lib.samples import sample
from lib.tools import need

GIVEN = ("Las palabras dadas.", "Otra frase, también dada.", "La tercera y última.")


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """Write the given words over the lines of the sample."""
    path, truth = tmp_path / "given.vtt", sample("mkv").truth
    cues = [
        f"{stamp(line.start_ms)} --> {stamp(line.end_ms)}\n{text}\n"
        for line, text in zip(truth.lines, GIVEN, strict=True)
    ]
    path.write_text("\n".join(["WEBVTT\n", *cues]))
    return path


def stamp(time_ms: int) -> str:
    return f"00:{time_ms // 60_000:02}:{time_ms % 60_000 / 1000:06.3f}"


def test_the_given_words_are_spoken_and_nothing_is_translated(tmp_path: Path, given: Path) -> None:
    for program in ("ffmpeg", "espeak-ng"):
        need(program)
    programs = count_calls(tmp_path / "programs", "espeak-ng")
    installation = Installation(tmp_path / "own", programs=programs)
    texts = ("--subtitles", sample("mkv").subtitles, "--target-subtitles", given)
    words = ("--from", "en", "--to", "es", *texts, "--out", tmp_path / "out", "--json")
    ended = installation.call("run", sample("mkv").film, *words)
    assert ended.code == 0, ended.steps
    timeline = json.loads((ended.folder / "timeline.json").read_text())
    assert tuple(line["target"] for line in timeline["lines"]) == GIVEN
    assert all(line["fit"] for line in timeline["lines"])
    assert all(text in (ended.folder / "mkv.es.srt").read_text() for text in GIVEN)
    assert len([each for each in calls(programs, "espeak-ng") if "--stdin" in each]) >= len(GIVEN)
