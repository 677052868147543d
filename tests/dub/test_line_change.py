"""One line changed in a finished dub: the rest stays as it was, sample by sample."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from lib.film_facts import FilmFacts
from lib.installation import Ended, Installation
from lib.undisturbed import LINES, Undisturbed

CHANGED, NEW = 7, "Esta frase es nueva."
RATE_HZ = 48_000
REACH_MS = 100
"""How far the mix around a line depends on it: the ramp of the ducking, and the limiter."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A dub before and after a line was changed, heard and put into a new film.

    ``before`` and ``after`` are the artifacts there were; ``first`` holds the bytes of the
    folder's files before.
    """

    installation: Installation
    folder: Path
    first: Mapping[str, bytes]
    before: frozenset[Path]
    after: frozenset[Path]
    preview: Path
    rendered: Ended

    def timeline(self, name: str) -> list[Json]:
        lines: list[Json] = json.loads((self.folder / name).read_text())["lines"]
        return lines


@pytest.fixture(scope="module")
def change(tmp_path_factory: pytest.TempPathFactory, undisturbed: Undisturbed) -> Change:
    folder = tmp_path_factory.mktemp("change") / "three.es"
    shutil.copytree(undisturbed.folder, folder)
    installation = undisturbed.installation
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    before = artifacts(installation)
    edited = installation.call("lines", "edit", folder, str(CHANGED), "--text", NEW, "--json")
    assert (edited.code, edited.said) == (0, {"rev": 1})
    heard = installation.call("lines", "respeak", folder, str(CHANGED), "--json")
    assert heard.code == 0, heard.steps
    rendered = installation.call("lines", "render", folder, "--json")
    assert rendered.code == 0, rendered.steps
    after = artifacts(installation)
    preview = Path(heard.said["preview"])
    return Change(installation, folder, first, before, after, preview, rendered)


def artifacts(installation: Installation) -> frozenset[Path]:
    return frozenset((installation.state / "artifacts").glob("??/*"))


def made(change: Change) -> Json:
    """Read by stage and role what the first film was made of."""
    found: Json = json.loads((change.folder / "dub.json").read_text())["made"]
    return found


def takes_in(manifest: Path) -> Json:
    found: Json = json.loads(manifest.read_text())["lines"]
    return found


def new_takes(change: Change) -> Json:
    """Find the manifest of placed takes among the new artifacts."""
    files = (path for path in change.after - change.before if path.stat().st_size < 1_000_000)
    found = [path for path in files if path.read_bytes().startswith(b'{"lines":{"1":{"natural_ms')]
    return next(each for each in map(takes_in, found) if all(t["placed"] for t in each.values()))


def mixes(change: Change) -> tuple[Path, Path]:
    """Give the first mix and the new one: the new stereo sound of the same length."""
    first = change.installation.artifact(made(change)["mix"]["dub"])
    wanted = soundfile.info(first)
    new = [path for path in flac_files(change.after - change.before) if like(path, wanted)]
    assert len(new) == 1
    return first, new[0]


def flac_files(paths: Iterable[Path]) -> Iterable[Path]:
    return (path for path in paths if path.read_bytes()[:4] == b"fLaC")


def like(path: Path, wanted: Any) -> bool:
    info = soundfile.info(path)
    return (info.channels, info.frames) == (wanted.channels, wanted.frames)


def test_takes_of_all_other_lines_are_the_same_artifacts(change: Change) -> None:
    old = takes_in(change.installation.artifact(made(change)["fit"]["takes"]))
    new = new_takes(change)
    assert len(old) == len(new) == LINES
    assert {line for line in old if old[line] != new[line]} == {str(CHANGED)}


def test_the_mix_is_the_same_outside_the_line(change: Change) -> None:
    """So the master gain is, too: another one would move every sample."""
    old, new = (soundfile.read(path, dtype="int16")[0] for path in mixes(change))
    differs = np.flatnonzero(np.any(old != new, axis=1)) * 1000 // RATE_HZ
    start_ms, end_ms = window(change)
    assert differs.size
    assert start_ms <= differs[0] <= differs[-1] <= end_ms


def window(change: Change) -> tuple[int, int]:
    spans = []
    for name in ("timeline.json", "timeline.rev1.json"):
        line = next(line for line in change.timeline(name) if line["id"] == CHANGED)
        spans += [(line["start_ms"], line["end_ms"])]
        spans += [(line["fit"]["start_ms"], line["fit"]["end_ms"])]
    return min(spans)[0] - REACH_MS, max(end for _, end in spans) + REACH_MS


def test_all_other_lines_keep_their_place(change: Change) -> None:
    old, new = change.timeline("timeline.json"), change.timeline("timeline.rev1.json")
    assert [line for line in old if line["id"] != CHANGED] == [
        line for line in new if line["id"] != CHANGED
    ]
    assert next(line for line in new if line["id"] == CHANGED)["target"] == NEW


def test_the_earlier_film_stays_beside_the_new_one(change: Change) -> None:
    kept = {name: (change.folder / name).read_bytes() for name in change.first}
    changed = {name for name in kept if kept[name] != change.first[name]}
    assert changed == {"dub.json"}
    assert Path(change.rendered.said["output"]).name == "three.es.rev1.mp4"
    assert NEW in (change.folder / "three.es.rev1.srt").read_text()
    assert change.rendered.said["metrics"]["passed"]


def test_the_preview_is_ten_seconds_of_the_film_around_the_line(change: Change) -> None:
    preview = FilmFacts(change.preview)
    assert preview.duration_s == pytest.approx(10, abs=0.1)
    assert preview.codecs("video") == ["h264"]
    assert preview.codecs("audio") == ["aac"]


def test_a_second_rendering_does_nothing_again(change: Change) -> None:
    again = change.installation.call("lines", "render", change.folder, "--json")
    assert (again.code, again.started) == (0, ["publish"])
    assert artifacts(change.installation) == change.after


def test_lines_are_listed_with_what_was_changed(change: Change) -> None:
    said = change.installation.call("lines", "list", change.folder, "--json").said
    assert (said["rev"], said["edited"], len(said["lines"])) == (1, [CHANGED], LINES)
    line = said["lines"][CHANGED - 1]
    assert (line["id"], line["target"], line["audio_mode"]) == (CHANGED, NEW, "tts")
    assert {"start_ms", "end_ms", "speaker", "source", "fit"} <= line.keys()


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (("99", "--text", "Hola."), 1, "model.no_such_line"),
        (("1", "--text", "  "), 2, "stages.empty_text"),
        (("1",), 2, "stages.nothing_changed"),
        (("1", "--audio", "loud"), 2, "stages.no_such_audio"),
        (("1", "--start", "-1"), 1, "model.line_outside"),
        (("1", "--end", "900"), 1, "model.line_outside"),
        (("1", "--start", "3", "--end", "2"), 1, "model.line_outside"),
        (("1", "--start", "nan"), 2, "stages.no_time"),
        (("1", "--speaker", ""), 2, "stages.empty_speaker"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    change: Change, words: tuple[str, ...], code: int, name: str
) -> None:
    before = (change.folder / "edits.json").read_bytes()
    ended = change.installation.call("lines", "edit", change.folder, "--json", *words)
    assert (ended.code, ended.error["code"]) == (code, name)
    assert (change.folder / "edits.json").read_bytes() == before


@pytest.mark.parametrize("command", ["list", "render"])
def test_a_folder_without_a_dub_is_not_found(
    undisturbed: Undisturbed, tmp_path: Path, command: str
) -> None:
    ended = undisturbed.installation.call("lines", command, tmp_path, "--json")
    assert (ended.code, ended.error["code"]) == (5, "stages.no_dub_here")


def test_an_unchanged_dub_is_not_rendered_again(undisturbed: Undisturbed) -> None:
    ended = undisturbed.installation.call("lines", "render", undisturbed.folder, "--json")
    assert (ended.code, ended.error["code"]) == (4, "stages.nothing_edited")
