"""Artifacts are published once, and temporary files do not outlive their owner."""

from pathlib import Path

import pytest

from dubbing_pipeline.errors import NotFoundError, RefusedError
from dubbing_pipeline.stages.folder_store import FolderStore, open_store, sweep

KEY = "ab" + "0" * 62


def written(store: FolderStore, text: str) -> Path:
    path = store.scratch(".txt")
    path.write_text(text)
    return path


def test_the_first_of_two_makers_wins_and_both_read_the_same(tmp_path: Path) -> None:
    with open_store(tmp_path, "one") as one, open_store(tmp_path, "two") as two:
        first = one.put(KEY, written(one, "first"))
        second = two.put(KEY, written(two, "second"))
        assert first == second
        assert two.fetch(KEY).read_text() == "first"


def test_a_published_artifact_leaves_no_temporary_file(tmp_path: Path) -> None:
    with open_store(tmp_path, "one") as store:
        store.put(KEY, written(store, "x"))
        assert list((tmp_path / "work" / "one").iterdir()) == []


def test_an_unknown_key_is_not_found(tmp_path: Path) -> None:
    with open_store(tmp_path, "one") as store:
        assert not store.has(KEY)
        with pytest.raises(NotFoundError) as caught:
            store.fetch(KEY)
    assert caught.value.code == "stages.no_such_artifact"


def test_the_work_folder_of_a_dead_owner_is_swept_and_a_living_one_stays(tmp_path: Path) -> None:
    dead = tmp_path / "work" / "dead"
    dead.mkdir(parents=True)
    (dead / "1.wav").write_bytes(b"half")
    with open_store(tmp_path, "alive"):
        assert not dead.exists()
        assert sweep(tmp_path / "work") == 0
        assert (tmp_path / "work" / "alive").is_dir()


def test_an_artifact_cannot_be_written_to_by_mistake(tmp_path: Path) -> None:
    with open_store(tmp_path, "one") as store:
        path = store.put(KEY, written(store, "x"))
        assert path.stat().st_mode & 0o222 == 0


def test_what_a_dead_owner_left_half_written_elsewhere_is_swept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.part").write_text("keep")
    with open_store(tmp_path / "state", "dead") as store:
        folder, file = store.outside(out), store.outside(out)
        folder.mkdir()
        (folder / "film.mp4").write_text("half")
        file.write_text("half")
        # as a kill leaves it: the folder stays, the lock does not
        (tmp_path / "state" / "work" / "dead").rename(tmp_path / "state" / "work" / "killed")
    with open_store(tmp_path / "state", "next"):
        assert [path.name for path in out.iterdir()] == ["mine.part"]
        assert [path.name for path in (tmp_path / "state" / "work").iterdir()] == ["next"]


def test_a_state_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError) as caught, open_store(tmp_path / "file" / "state", "one"):
        pass
    assert caught.value.code == "stages.state_not_writable"


def test_a_new_state_folder_is_closed_to_others(tmp_path: Path) -> None:
    with open_store(tmp_path / "state", "one"):
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_what_is_no_work_folder_is_not_in_the_way(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "note.txt").write_text("mine")
    (work / "elsewhere").symlink_to(tmp_path)
    with open_store(tmp_path, "one"):
        assert (work / "note.txt").exists()
    assert (work / "elsewhere").is_symlink()


def test_what_is_being_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    with open_store(tmp_path, "one"):
        assert (tmp_path / "work" / "one").stat().st_mode & 0o077 == 0
