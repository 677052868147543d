"""Lines silenced, left as they were, moved and given away; and a killed rendering."""

import json
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.film_facts import FilmFacts, Samples
from lib.installation import Ended, Installation
from lib.undisturbed import Undisturbed

RATE_HZ = 48_000
EDITS = (
    ("3", "--audio", "original"),
    ("5", "--audio", "mute"),
    ("9", "--start", "22.9", "--end", "25.5"),
    ("11", "--speaker", "Somebody new"),
    ("12", "--lock"),
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Revised:
    """A dub with several edits. ``killed`` is what was there when its rendering was killed."""

    installation: Installation
    folder: Path
    killed: dict[str, bytes]
    first: dict[str, bytes]
    ended: Ended

    def line(self, number: int) -> Json:
        lines = json.loads((self.folder / f"timeline.rev{len(EDITS)}.json").read_text())["lines"]
        found: Json = next(line for line in lines if line["id"] == number)
        return found


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory, undisturbed: Undisturbed) -> Revised:
    folder = tmp_path_factory.mktemp("revised") / "three.es"
    shutil.copytree(undisturbed.folder, folder)
    installation = undisturbed.installation
    for words in EDITS:
        edited = installation.call("lines", "edit", folder, *words)
        assert edited.code == 0, edited.steps
    first = contents(folder)
    with installation.start("lines", "render", folder, "--json") as running:
        running.reach("publish", lines=4)
        running.signal(signal.SIGKILL)
        running.end()
    killed = contents(folder)
    ended = installation.call("lines", "render", folder, "--json")
    assert ended.code == 0, ended.steps
    return Revised(installation, folder, killed, first, ended)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name[0] != "."}


def test_a_killed_rendering_leaves_the_earlier_film_in_force(revised: Revised) -> None:
    assert {name: revised.killed[name] for name in revised.first} == revised.first
    whole = {name: data for name, data in contents(revised.folder).items() if name != "dub.json"}
    assert set(revised.killed) < {*whole, "dub.json"}
    assert all(whole[name] == data for name, data in revised.killed.items() if name in whole)


def test_the_next_rendering_ends_well_and_leaves_nothing_hidden(revised: Revised) -> None:
    assert revised.ended.started == ["publish"]
    assert revised.ended.said["metrics"]["passed"]
    assert list(revised.folder.glob(".*")) == []


def test_a_silenced_line_is_silent(revised: Revised) -> None:
    line = revised.line(5)
    assert (line["audio_mode"], line["fit"]) == ("mute", None)
    inside = sound(revised, track=0, line=line)
    assert rms_db(inside) < -60


def test_a_line_left_as_it_was_sounds_as_in_the_original(revised: Revised) -> None:
    """But for the master gain, which is the whole film's."""
    line = revised.line(3)
    dub, original = sound(revised, track=0, line=line), sound(revised, track=1, line=line)
    likeness = np.corrcoef(dub, original)[0, 1]
    assert likeness > 0.98


def test_a_moved_line_is_spoken_where_it_was_moved_to(revised: Revised) -> None:
    line = revised.line(9)
    assert (line["start_ms"], line["end_ms"]) == (22_900, 25_500)
    assert line["fit"]["start_ms"] >= 22_900


def test_a_line_given_to_another_is_spoken_by_another_voice(revised: Revised) -> None:
    assert revised.line(11)["speaker"] == "Somebody new"
    assert revised.line(12)["locked"] is True


def sound(revised: Revised, *, track: int, line: Json) -> Samples:
    """Decode a line's span of one of the film's sound tracks, without its ramps; mono."""
    film = FilmFacts(Path(revised.ended.said["output"]))
    begin_s, end_s = line["start_ms"] / 1000 + 0.15, line["end_ms"] / 1000 - 0.15
    return film.sound(track, begin_s, end_s, RATE_HZ)


def rms_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))
