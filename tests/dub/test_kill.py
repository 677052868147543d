"""``kill -9`` at every step: nothing lives on, nothing finished is done again, the end is the same."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib.installation import ORDER, Ended, Installation
from lib.processes import all_end_within
from lib.undisturbed import Undisturbed

KILLS = (
    *(("import", 0), ("extract", 0), ("transcribe", 0), ("transcribe", 3), ("diarize", 0)),
    *(("translate", 0), ("translate", 1), ("synthesize", 0), ("synthesize", 4), ("fit", 0)),
    *(("fit", 2), ("mix", 0), ("mix", 2), ("export", 0), ("export", 2), ("verify", 0)),
    *(("publish", 0), ("publish", 6)),
)
"""Steps, and how many lines of the step were told before the kill."""

EXCEPT = {"report.json", "report.html"}
"""These hold the times of their run."""


@dataclass(frozen=True, slots=True)
class Kill:
    """A run that was killed: what of it lived before, and what two seconds later."""

    step: str
    alive: dict[int, str]
    left: list[int]
    ended: Ended


@dataclass(frozen=True, slots=True)
class Ordeal:
    """One command, killed again and again, and in the end left alone."""

    installation: Installation
    kills: list[Kill]
    last: Ended


@pytest.fixture(scope="module")
def ordeal(tmp_path_factory: pytest.TempPathFactory, undisturbed: Undisturbed) -> Ordeal:
    installation = Installation(tmp_path_factory.mktemp("ordeal"))
    words: tuple[str | Path, ...] = (
        "run",
        *undisturbed.words,
        "--out",
        installation.folder / "out",
    )
    kills = [kill(installation, step, lines, words) for step, lines in KILLS]
    return Ordeal(installation, kills, installation.call(*words))


def kill(installation: Installation, step: str, lines: int, words: tuple[str | Path, ...]) -> Kill:
    """Run until the step has told that many lines, and kill the whole group."""
    with installation.start(*words) as running:
        running.reach(step, lines=lines)
        alive = running.descendants()
        running.signal(signal.SIGKILL)
        left = all_end_within([*alive, *running.descendants()], 2.0)
        ended = running.end()
    return Kill(step, alive, left, ended)


def finished(ended: Ended) -> set[str]:
    return {line.partition(":")[0] for line in ended.steps if line.endswith(" s")}


def test_every_step_was_hit(ordeal: Ordeal) -> None:
    for each in ordeal.kills:
        assert each.ended.code == -signal.SIGKILL
        assert each.ended.steps[-1].startswith(f"{each.step}: "), each.ended.steps
        assert each.step not in finished(each.ended)
    assert {each.step for each in ordeal.kills} == set(ORDER)


def test_no_process_is_left_two_seconds_later(ordeal: Ordeal) -> None:
    assert not [each for each in ordeal.kills if each.left]
    programs = {name for each in ordeal.kills for name in each.alive.values()}
    assert "ffmpeg" in programs, "no kill met a running ffmpeg"


def test_no_finished_stage_is_done_again(ordeal: Ordeal) -> None:
    done: set[str] = set()
    for ended in [*(each.ended for each in ordeal.kills), ordeal.last]:
        assert not done & set(ended.started) - {"import", "publish"}
        done |= finished(ended)
    assert done == set(ORDER)


def test_the_dub_is_the_same_as_an_undisturbed_one(
    ordeal: Ordeal, undisturbed: Undisturbed
) -> None:
    assert ordeal.last.code == 0, ordeal.last.steps
    assert contents(ordeal.last.folder) == contents(undisturbed.folder)
    assert untimed(ordeal.last) == untimed(undisturbed.ended)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name not in EXCEPT}


def untimed(ended: Ended) -> dict[str, object]:
    timed = {"wall_s", "stage_wall_s"}
    return {name: value for name, value in ended.said["metrics"].items() if name not in timed}


def test_nothing_half_made_is_left_anywhere(ordeal: Ordeal) -> None:
    installation = ordeal.installation
    assert [path.name for path in (installation.folder / "out").iterdir()] == ["three.es"]
    assert list((installation.state / "work").iterdir()) == []
    # onnxruntime leaves a hidden file of its own
    assert list((installation.folder / "tmp").glob("[!.]*")) == []
