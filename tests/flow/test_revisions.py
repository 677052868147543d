"""A finished folder is changed line by line, again and again, here and on another machine."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from dubbing_pipeline.errors import InputRefused, NotFoundError, RefusedError
from dubbing_pipeline.model.speech import LineEdit
from dubbing_pipeline.stages.dub import Finished, current_timeline, edit
from dubbing_pipeline.stages.dub_folder import read_record
from dubbing_pipeline.stages.folder_store import open_store
from dubbing_pipeline.stages.runner import StageEvent
from lib.small_folder import dubber_of, make_film, request_of
from lib.tools import need

OTHER = LineEdit(target="[es] otra cosa")


@dataclass
class Desk:
    """One machine with a film and its finished folder."""

    film: Path
    folder: Path
    state: Path

    def __post_init__(self) -> None:
        self.events: list[StageEvent] = []

    def dub(self) -> Finished:
        with open_store(self.state, "test") as store:
            request = request_of(self.film, self.folder.parent)
            return dubber_of(store).dub(request, self.events.append)

    def render(self) -> Finished:
        with open_store(self.state, "test") as store:
            return dubber_of(store).render(self.folder, self.events.append)

    def respeak(self, line: int) -> Path:
        with open_store(self.state, "test") as store:
            return dubber_of(store).respeak(self.folder, line, self.events.append)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    need("ffmpeg")
    place = tmp_path_factory.mktemp("first")
    desk = Desk(make_film(place / "film.mp4"), place / "out" / "film.es", place / "state")
    assert desk.dub().folder == desk.folder
    return desk


@pytest.fixture
def desk(first: Desk, tmp_path: Path) -> Desk:
    folder = tmp_path / "out" / "film.es"
    shutil.copytree(first.folder, folder)
    return Desk(first.film, folder, first.state)


def test_a_second_revision_is_made_of_the_first_film_as_well(desk: Desk) -> None:
    before = read_record(desk.folder)
    for rev, line in ((1, 1), (2, 2)):
        edit(desk.folder, line, OTHER)
        finished = desk.render()
        assert finished.output.name == f"film.es.rev{rev}.mp4"
    after = read_record(desk.folder)
    assert (after.made, after.given, after.rev) == (before.made, before.given, 2)
    assert (desk.folder / "film.es.srt").read_text().count("otra cosa") == 0
    assert (desk.folder / "film.es.rev2.srt").read_text().count("otra cosa") == 2


def test_lines_are_listed_with_their_places_in_the_newest_film(desk: Desk) -> None:
    first, _ = current_timeline(desk.folder)
    edit(desk.folder, 1, LineEdit(target="[es] algo que dura mucho más que antes"))
    edited, _ = current_timeline(desk.folder)
    desk.render()
    newest, _ = current_timeline(desk.folder)
    assert edited.line(1).fit is None
    assert edited.line(2).fit == first.line(2).fit
    assert newest.line(1).fit not in {None, first.line(1).fit}


def test_a_revision_writes_only_what_it_changes(desk: Desk) -> None:
    edit(desk.folder, 1, OTHER)
    desk.render()
    assert not list(desk.folder.glob("player.en.rev*"))
    assert read_record(desk.folder).files["player_original"] == "player.en.mp4"


def test_a_revision_whose_making_was_stopped_is_made_by_the_next_run(desk: Desk) -> None:
    edit(desk.folder, 1, OTHER)
    whole = {path.name: path.read_bytes() for path in desk.render().folder.iterdir()}
    (desk.folder / "player.es.rev1.mp4").unlink()
    desk.render()
    assert {path.name: path.read_bytes() for path in desk.folder.iterdir()} == whole


def test_edits_begun_anew_do_not_pass_an_old_film_off_as_theirs(desk: Desk) -> None:
    edit(desk.folder, 1, OTHER)
    film = desk.render().output
    old = film.read_bytes()
    (desk.folder / "edits.json").unlink()
    edit(desk.folder, 2, OTHER)
    with pytest.raises(RefusedError) as caught:
        desk.render()
    assert caught.value.code == "stages.revision_taken"
    assert film.read_bytes() == old


def test_a_line_is_heard_in_its_place_also_when_it_is_left_original(desk: Desk) -> None:
    edit(desk.folder, 2, LineEdit(audio_mode="original"))
    assert desk.respeak(2).name == "preview.line2.rev1.mp4"
    with pytest.raises(InputRefused) as caught:
        desk.respeak(99)
    assert caught.value.code == "model.no_such_line"


def test_edits_at_the_same_time_are_all_kept(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        texts = [LineEdit(target=f"palabra {number}") for number in range(24)]
        list(pool.map(lambda text: edit(desk.folder, 1, text), texts))
    _, edits = current_timeline(desk.folder)
    assert {change.edit.target for change in edits.history} == {text.target for text in texts}


def test_a_folder_on_another_machine_says_that_the_film_is_not_there(
    desk: Desk, tmp_path: Path
) -> None:
    edit(desk.folder, 1, OTHER)
    desk.state = tmp_path / "other state"
    with pytest.raises(NotFoundError) as caught:
        desk.render()
    assert caught.value.code == "stages.film_gone"


def test_a_folder_on_another_machine_can_be_changed_once_the_film_is_there(
    desk: Desk, first: Desk, tmp_path: Path
) -> None:
    edit(desk.folder, 1, OTHER)
    here = desk.render().output.read_bytes()
    there = Desk(desk.film, tmp_path / "there" / "film.es", tmp_path / "other state")
    shutil.copytree(first.folder, there.folder)
    edit(there.folder, 1, OTHER)
    assert there.dub().folder == there.folder
    assert there.render().output.read_bytes() == here


def test_a_report_has_the_numbers_that_were_promised(desk: Desk) -> None:
    promised = """lines speech_overlap_f1 speech_overlap_iou dead_air_ratio onset_error_p50_ms
        onset_lag_p95_ms tempo_p95 tempo_max lines_over_1_2 words_cut lines_overflow loudness_lufs
        true_peak_dbtp duration_delta_ms video_bitexact wall_s media_s stage_wall_s"""
    report = json.loads((desk.folder / "report.json").read_text())
    assert set(promised.split()) <= report.keys()
