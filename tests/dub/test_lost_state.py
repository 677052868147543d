"""A state folder that was thrown away costs time, and no dub."""

import shutil
from pathlib import Path

from lib.installation import Installation
from lib.short_film import dub_short


def test_a_dub_whose_state_is_gone_is_made_anew_and_can_be_changed_again(tmp_path: Path) -> None:
    installation, words = Installation(tmp_path / "own"), dub_short(tmp_path / "out")
    first = installation.call(*words)
    shutil.rmtree(installation.state)
    installation.call("lines", "edit", first.folder, "1", "--text", "Otra cosa.")
    lost = installation.call("lines", "render", first.folder, "--json")
    assert (lost.code, lost.error["code"]) == (5, "stages.film_gone")
    again = installation.call(*words)
    assert (again.folder, again.started) == (first.folder, ["import"])
    assert installation.call("lines", "render", first.folder, "--json").code == 0
