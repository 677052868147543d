"""A full disk: its own error, no half film under a final name, and success once there is room."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.installation import Ended, Installation
from lib.samples import sample
from lib.small_disk import SmallDisk, small_disk
from lib.tools import need
from lib.undisturbed import Undisturbed

FIRST_KIB, STEP = 200, 1.3
"""The disk grows by this factor until the dub fits: it is full in another step each time."""

# The mix needs less room than the stretcher before it, so growing alone never stops it there.
MUST_HIT = {"import", "extract", "fit", "export", "verify"}


@dataclass(frozen=True, slots=True)
class Growth:
    """Every run on the growing disk; ``left`` are the files that a failed run left in between."""

    failed: list[Ended]
    left: list[Path]
    last: Ended
    folder: Path


@pytest.fixture(scope="module")
def growth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Growth]:
    for program in ("ffmpeg", "espeak-ng", "apertium"):
        need(program)
    folder = tmp_path_factory.mktemp("growth")
    with small_disk(folder / "state", FIRST_KIB) as disk:
        installation = Installation(folder, prefix=disk.prefix)
        failed, left, size_kib = [], [], float(FIRST_KIB)
        while (ended := dub(installation)).code != 0 and size_kib < 64_000:
            failed.append(ended)
            left += [*(disk.seen / "work").glob("*"), *(folder / "out").glob("*")]
            size_kib *= STEP
            disk.resize(round(size_kib))
        yield Growth(failed, left, ended, folder / "state")


def dub(installation: Installation) -> Ended:
    film = sample("mkv")
    words = ("--from", "en", "--to", "es", "--subtitles", film.subtitles, "--json")
    return installation.call("run", film.film, *words, "--out", installation.folder / "out")


def where(ended: Ended) -> str:
    return ended.started[-1]


def test_a_full_state_folder_is_told_in_every_step(growth: Growth) -> None:
    for ended in growth.failed:
        assert (ended.code, ended.error["code"]) == (1, "utils.disk_full"), where(ended)
        assert str(growth.folder) in ended.error["message"]
        assert "Make room and try again" in ended.error["message"]
    hit = {where(ended) for ended in growth.failed}
    assert hit >= MUST_HIT
    assert len(hit) > len(MUST_HIT)


def test_a_run_that_found_no_room_leaves_nothing_half_made(growth: Growth) -> None:
    assert growth.left == []


def test_with_more_room_the_same_command_goes_on_to_the_end(growth: Growth) -> None:
    assert growth.last.code == 0, growth.last.steps
    assert growth.last.said["metrics"]["passed"]
    steps = [where(ended) for ended in growth.failed]
    assert steps == sorted(steps, key=list(dict.fromkeys(steps)).index)


@pytest.fixture
def small_out(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "out", 600) as disk:
        yield disk


def test_a_full_out_folder_gets_the_whole_film_or_nothing(
    small_out: SmallDisk, undisturbed: Undisturbed
) -> None:
    by = Installation(undisturbed.installation.folder, prefix=small_out.prefix)
    words: tuple[str | Path, ...] = ("run", *undisturbed.words, "--out", small_out.folder)
    ended = by.call(*words)
    assert (ended.code, ended.error["code"]) == (1, "utils.disk_full")
    assert str(small_out.folder) in ended.error["message"]
    assert list(small_out.seen.iterdir()) == []
    small_out.resize(32_000)
    assert by.call(*words).code == 0
    (made,) = small_out.seen.iterdir()
    assert (made / "three.es.mp4").read_bytes() == (
        undisturbed.folder / "three.es.mp4"
    ).read_bytes()
