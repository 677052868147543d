"""A finished dub's folder appears whole, under a free name, and is found again."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dubbing_pipeline.engines.base import EngineRef
from dubbing_pipeline.engines.modes import EngineChoice
from dubbing_pipeline.errors import NotFoundError, UsageError
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.stages.dub_folder import (
    Record,
    find,
    place_once,
    publish,
    read_record,
    refuse_unwritable,
    title_of,
)

FAKE = EngineRef("fake", "1")
RECORD = Record(
    title="My film",
    spec=DubSpec("es", "en"),
    engines=EngineChoice("low", FAKE, FAKE, FAKE, FAKE),
    given={"film": "f" * 64},
    made={"fit": {"timeline": "t" * 64}},
    files={"film": "My film.es.mp4"},
)


FILES = {"My film.es.mp4": "film", "timeline.json": "{}", "report.json": "{}"}


def published(out: Path, files: Mapping[str, Path | str]) -> Path:
    return publish(out, RECORD, files, hidden=out / ".1.part", tick=lambda _: None)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("My film.mp4", "My film"),
        ("-rf.mp4", "rf"),
        ("--out=x.mkv", "out=x"),
        ("a\nb\tc.mp4", "a b c"),
        ('it\'s "quoted".mp4', "it's quoted"),
        ("日本語の映画.webm", "日本語の映画"),
        (".hidden.mp4", "hidden"),
        ("....mp4", "film"),
        ("x" * 240 + ".mp4", "x" * 180),
    ],
)
def test_a_title_is_a_name_that_every_file_system_holds(name: str, title: str) -> None:
    assert title_of(Path(name)) == title


def test_a_folder_reads_back_as_it_was_published(tmp_path: Path) -> None:
    folder = published(tmp_path, FILES)
    assert folder.name == "My film.es"
    assert read_record(folder) == RECORD
    assert find(tmp_path, RECORD) == folder


def test_a_taken_name_is_left_alone_and_the_next_free_one_is_used(tmp_path: Path) -> None:
    (tmp_path / "My film.es").mkdir()
    (tmp_path / "My film.es" / "mine.txt").write_text("keep")
    folder = published(tmp_path, FILES)
    assert folder.name == "My film.es (2)"
    assert (tmp_path / "My film.es" / "mine.txt").read_text() == "keep"


def test_nothing_half_published_is_left_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        published(tmp_path, {"My film.es.mp4": tmp_path / "no such film"})
    assert list(tmp_path.iterdir()) == []


def test_a_broken_record_of_somebody_else_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "My film.es").mkdir()
    (tmp_path / "My film.es" / "dub.json").write_text("{")
    assert find(tmp_path, RECORD) is None
    assert published(tmp_path, FILES).name == "My film.es (2)"


@pytest.mark.parametrize("inside", [".", "result"])
def test_a_file_cannot_be_the_out_folder(tmp_path: Path, inside: str) -> None:
    (tmp_path / "film.mp4").write_text("film")
    with pytest.raises(UsageError) as caught:
        refuse_unwritable(tmp_path / "film.mp4" / inside)
    assert caught.value.code == "stages.out_not_a_folder"


def test_a_folder_that_is_not_there_yet_can_be_the_out_folder(tmp_path: Path) -> None:
    refuse_unwritable(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()


def test_other_work_is_not_found(tmp_path: Path) -> None:
    published(tmp_path, FILES)
    assert find(tmp_path, replace(RECORD, spec=DubSpec("es", "en", mode="medium"))) is None


@pytest.mark.parametrize("lost", ["My film.es.mp4", "report.json", "timeline.json"])
def test_a_folder_that_lost_a_file_is_not_whole(tmp_path: Path, lost: str) -> None:
    folder = published(tmp_path, FILES)
    (folder / lost).unlink()
    assert find(tmp_path, RECORD) is None


@pytest.mark.parametrize("text", [None, "{", "{}", '{"schema": 9}', "[]", '"text"'])
def test_a_folder_of_something_else_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "dub.json").write_text(text)
    with pytest.raises(NotFoundError) as caught:
        read_record(tmp_path)
    assert caught.value.code == "stages.no_dub_here"


def test_a_file_of_the_folder_is_written_once(tmp_path: Path) -> None:
    for text in ("first", "second"):
        place_once(tmp_path / "report.json", text, hidden=tmp_path / ".1.part")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["first"]
