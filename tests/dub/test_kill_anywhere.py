"""Kills at moments nobody chose: whatever was killed how often, the film comes out the same."""

import os
import random
import signal
from pathlib import Path

import pytest

from lib.installation import Ended, Installation
from lib.processes import all_end_within
from lib.short_film import dub_short

NIGHTLY = os.environ.get("TESTS_NIGHTLY") == "1"  # noqa: TID251  # how much is to be tested
SEEDS = range(25 if NIGHTLY else 1)
KILLS = 4
MOST_LINES = 60
"""More than a whole dub tells; a kill that would come later does not come."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("whole")
    ended = Installation(folder / "own").call(*dub_short(folder / "out"))
    assert ended.code == 0, ended.steps
    return ended


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dub_killed_anywhere_ends_the_same(tmp_path: Path, whole: Ended, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # no secret
    installation, words = Installation(tmp_path / "own"), dub_short(tmp_path / "out")
    for _ in range(KILLS):
        with installation.start(*words) as running:
            for _ in range(dice.randrange(1, MOST_LINES)):
                if running.steps.next() is None:
                    break
            alive = running.descendants()
            running.signal(signal.SIGKILL)
            assert all_end_within(alive, 2.0) == []
    last = installation.call(*words)
    assert last.code == 0, last.steps
    assert films(last.folder) == films(whole.folder)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [last.folder.name]


def films(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if "report" not in path.name}
