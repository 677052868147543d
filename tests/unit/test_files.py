"""Files appear whole or not at all, and are never laid over others."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dubbing_pipeline.errors import OutOfSpace, RefusedError
from dubbing_pipeline.utils import files
from dubbing_pipeline.utils.files import (
    copy_content,
    free_bytes,
    publish,
    rename_new,
    require_free,
    safe_join,
    write_atomic,
)
from lib.tools import need

Renamer = Callable[[Path, Path], None]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    file = tmp_path / "film"
    file.write_bytes(os.urandom(3 << 20))
    return file


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_a_published_file_has_the_content_and_leaves_the_source(film: Path, out: Path) -> None:
    target = publish(film, out, "Film.mp4")
    assert target == out / "Film.mp4"
    assert target.read_bytes() == film.read_bytes()
    assert list(out.iterdir()) == [target]


def test_a_taken_name_is_never_overwritten(film: Path, out: Path) -> None:
    (out / "Film.es.srt").write_text("mine")
    names = [publish(film, out, "Film.es.srt").name for _ in range(2)]
    assert names == ["Film.es (2).srt", "Film.es (3).srt"]
    assert (out / "Film.es.srt").read_text() == "mine"


def test_a_taken_name_may_also_be_a_dangling_link(film: Path, out: Path) -> None:
    (out / "a.mp4").symlink_to("nowhere")
    assert publish(film, out, "a.mp4").name == "a (2).mp4"


def test_publishers_at_once_each_get_a_name_of_their_own(film: Path, out: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        targets = list(pool.map(lambda _: publish(film, out, "a.mp4"), range(8)))
    assert len(set(targets)) == len(list(out.iterdir())) == 8


def test_the_longest_name_still_gets_its_number(film: Path, out: Path) -> None:
    name = "ñ" * 125 + ".mp4"
    publish(film, out, name)
    second = publish(film, out, name).name
    assert second.endswith("ñ (2).mp4")
    assert len(os.fsencode(second)) <= 255


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\0b", "x" * 256])
def test_a_name_that_leads_elsewhere_is_refused(film: Path, out: Path, name: str) -> None:
    with pytest.raises(RefusedError):
        publish(film, out, name)
    with pytest.raises(RefusedError):
        safe_join(out, name)
    assert not list(out.iterdir())


@pytest.mark.parametrize("name", ["-rf", "…", " a", "..a", "it's"])
def test_odd_plain_names_are_fine(out: Path, name: str) -> None:
    assert safe_join(out, name).parent == out


@pytest.mark.parametrize("rename", [rename_new, files._rename_by_link])
def test_every_way_to_rename_a_folder_spares_what_is_there(out: Path, rename: Renamer) -> None:
    for name in ("made", "taken"):
        (out / name).mkdir()
        (out / name / "of").write_text(name)
    with pytest.raises(FileExistsError):
        rename(out / "made", out / "taken")
    rename(out / "made", out / "free")
    assert [(out / name / "of").read_text() for name in ("taken", "free")] == ["taken", "made"]
    assert not (out / "made").exists()


@pytest.mark.parametrize("rename", [rename_new, files._rename_by_link, files._rename_onto_claim])
def test_every_way_to_rename_spares_the_file_that_is_there(
    film: Path, out: Path, rename: Renamer
) -> None:
    content = film.read_bytes()
    (out / "taken").write_text("mine")
    with pytest.raises(FileExistsError):
        rename(film, out / "taken")
    rename(film, out / "free")
    assert ((out / "taken").read_text(), (out / "free").read_bytes()) == ("mine", content)
    assert not film.exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "utils.disk_full"),
        (errno.EDQUOT, "utils.disk_full"),
        (errno.EFBIG, "utils.file_too_large"),
    ],
)
def test_a_disk_that_takes_no_more_leaves_nothing_behind(
    film: Path, out: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fill(_: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(number, "no")

    monkeypatch.setattr(files, "copy_content", fill)
    with pytest.raises(OutOfSpace) as caught:
        publish(film, out, "a.mp4")
    assert caught.value.code == code
    assert not list(out.iterdir())


PUBLISH_ONTO_SMALL_DISK = """
import sys
from pathlib import Path
from dubbing_pipeline.errors import OutOfSpace
from dubbing_pipeline.utils.files import publish, write_atomic
film, out = map(Path, sys.argv[1:])
for attempt in (lambda: publish(film, out, "a"), lambda: write_atomic(out / "b", bytes(2 << 20))):
    try:
        attempt()
    except OutOfSpace as error:
        print(error.code, len(list(out.iterdir())))
"""


def test_a_disk_that_is_really_full_is_told_and_left_clean(film: Path, out: Path) -> None:
    need("unshare")
    small_disk = 'mount -t tmpfs -o size=1m none "$2" && exec "$0" -c "$3" "$1" "$2"'
    told = subprocess.run(
        [
            *("unshare", "--map-root-user", "--mount", "sh", "-ec", small_disk),
            *(sys.executable, str(film), str(out), PUBLISH_ONTO_SMALL_DISK),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.splitlines() == ["utils.disk_full 0"] * 2


def test_the_plain_copy_takes_over_where_ranges_cannot_be_copied(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> int:
        raise OSError(errno.EXDEV, "no")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    with film.open("rb") as source, (tmp_path / "copy").open("xb") as target:
        files._copy_range(source.fileno(), target.fileno())
    assert (tmp_path / "copy").read_bytes() == film.read_bytes()


def test_an_atomic_write_replaces_the_whole_and_leaves_no_scraps(out: Path) -> None:
    write_atomic(out / "a.json", "old" * 1000)
    write_atomic(out / "a.json", b"new", mode=0o600)
    assert (out / "a.json").read_text() == "new"
    assert (out / "a.json").stat().st_mode & 0o777 == 0o600
    assert len(list(out.iterdir())) == 1


def test_copying_onto_a_file_is_refused(film: Path, out: Path) -> None:
    (out / "a").touch()
    with pytest.raises(FileExistsError):
        copy_content(film, out / "a")


def test_free_space_is_told_also_for_a_folder_to_come(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a" / "b") > 0


def test_work_that_cannot_fit_is_refused_before_it_begins(tmp_path: Path) -> None:
    require_free(tmp_path, 1)
    with pytest.raises(OutOfSpace) as caught:
        require_free(tmp_path, 1 << 62)
    assert caught.value.code == "utils.too_little_space"
