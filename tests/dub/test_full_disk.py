"""A full disk: its own error, no half film under a final name, and success once there is room."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.installation import ORDER, Ended, Installation
from lib.short_film import dub_short
from lib.small_disk import SmallDisk, small_disk
from lib.undisturbed import Undisturbed

ROOMY_KIB = 64_000
STEPS = tuple(step for step in ORDER if step != "publish")
"""Publishing writes into the out folder, whose own full disk is tested below."""


@dataclass(frozen=True, slots=True)
class Squeeze:
    """A dub whose state folder had no byte free from one step on, then room enough again.

    ``left`` are the temporary files and results that the failed run left behind.
    """

    failed: dict[str, Ended]
    left: list[Path]
    last: Ended
    folder: Path


@pytest.fixture(scope="module")
def squeeze(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Squeeze]:
    folder = tmp_path_factory.mktemp("squeeze")
    words = dub_short(folder / "out")
    with small_disk(folder / "state", ROOMY_KIB) as disk:
        installation = Installation(folder, prefix=disk.prefix)
        failed, left = {}, []
        for step in STEPS:
            with installation.start(*words) as running:
                running.reach(step)
                disk.fill()
                failed[step] = running.end()
            left += [*(disk.seen / "work").glob("*"), *(folder / "out").glob("*")]
            disk.free()
        yield Squeeze(failed, left, installation.call(*words), folder / "state")


@pytest.mark.parametrize("step", STEPS)
def test_a_full_state_folder_is_told_in_every_step(squeeze: Squeeze, step: str) -> None:
    ended = squeeze.failed[step]
    assert ended.started[-1] == step
    assert (ended.code, ended.error["code"]) == (1, "utils.disk_full")
    assert str(squeeze.folder) in ended.error["message"]
    assert "Make room and try again" in ended.error["message"]


def test_a_run_that_found_no_room_leaves_nothing_half_made(squeeze: Squeeze) -> None:
    assert squeeze.left == []


def test_with_more_room_the_same_command_goes_on_to_the_end(squeeze: Squeeze) -> None:
    assert squeeze.last.code == 0, squeeze.last.steps
    assert squeeze.last.said["metrics"]["passed"]
    assert squeeze.last.started == ["import", "verify", "publish"]


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
