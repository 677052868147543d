"""A state folder that was thrown away costs time, and no dub."""

import shutil
from pathlib import Path

from lib.installation import Installation
from lib.samples import sample
from lib.tools import need


def test_a_dub_whose_state_is_gone_is_made_anew_and_can_be_changed_again(tmp_path: Path) -> None:
    for program in ("ffmpeg", "espeak-ng", "apertium"):
        need(program)
    installation, film = Installation(tmp_path / "own"), sample("mkv")
    asked = ("run", film.film, "--from", "en", "--to", "es", "--subtitles", film.subtitles)
    words = (*asked, "--json", "--out", tmp_path / "out")
    first = installation.call(*words)
    shutil.rmtree(installation.state)
    installation.call("lines", "edit", first.folder, "1", "--text", "Otra cosa.")
    lost = installation.call("lines", "render", first.folder, "--json")
    assert (lost.code, lost.error["code"]) == (5, "stages.no_such_artifact")
    again = installation.call(*words)
    assert (again.folder, "mix" in again.started) == (first.folder, True)
    assert installation.call("lines", "render", first.folder, "--json").code == 0
