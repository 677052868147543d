"""Names of finished files: title, language, revision, and never too long for a file system."""

import pytest

from dubbing_pipeline.media.containers import Container
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.stages.dub_folder import Record, beside
from dubbing_pipeline.stages.outputs import film_names, preview_name
from lib.small_film import CHOICE

RECORD = Record("My film", DubSpec("es", "en"), CHOICE, given={}, made={}, files={})


def test_a_first_film_is_named_by_title_and_language() -> None:
    names = film_names(RECORD, "mp4", source="en")
    assert names["film"] == "My film.es.mp4"
    assert names["target_srt"] == "My film.es.srt"
    assert names["source_srt"] == "My film.en.srt"
    assert names["player_dub"] == "player.es.mp4"


def test_a_revision_shares_no_name_with_the_first_or_another() -> None:
    revisions = [set(film_names(RECORD, "mkv", source="en", rev=rev).values()) for rev in range(3)]
    assert sum(map(len, revisions)) == len(set().union(*revisions)) == 21


@pytest.mark.parametrize(("container", "player"), [("mkv", "mp4"), ("mp4", "mp4"), ("m4a", "m4a")])
def test_player_files_are_of_a_kind_that_browsers_play(container: Container, player: str) -> None:
    names = film_names(RECORD, container, source="en")
    assert names["film"].endswith(container)
    assert names["player_original"].endswith(player)


def test_the_longest_title_leaves_room_for_everything_behind_it() -> None:
    record = Record("ñ" * 90, DubSpec("ast", "en"), CHOICE, given={}, made={}, files={})
    names = film_names(record, "mp4", source="haw", rev=99_999)
    assert max(len(f".{name}.part".encode()) for name in names.values()) <= 255


def test_reports_and_previews_carry_their_revision() -> None:
    assert (beside("report.json", 0), beside("report.json", 2)) == (
        "report.json",
        "report.rev2.json",
    )
    assert preview_name(3, 2) == "preview.line3.rev2.mp4"
