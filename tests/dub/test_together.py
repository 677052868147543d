"""The same command twice at the same time: both end well, and nothing is torn."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib.installation import Ended, Installation, Running
from lib.short_film import dub_short


def test_two_runs_of_one_command_end_well_together(tmp_path: Path) -> None:
    installation, words = Installation(tmp_path / "own"), dub_short(tmp_path / "out")
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(installation.call, *words) for _ in range(2)]
        first, second = (run.result() for run in runs)
    assert (first.code, second.code) == (0, 0), [*first.steps, *second.steps]
    assert names(first) == names(second)
    assert films(first) == films(second)
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {first.folder.name, second.folder.name}
    assert list((installation.state / "work").iterdir()) == []


def test_two_runs_met_at_the_same_step_end_well(tmp_path: Path) -> None:
    """Both are let go on from the moment before they publish."""
    installation, words = Installation(tmp_path / "own"), dub_short(tmp_path / "out")
    with installation.start(*words) as one, installation.start(*words) as other:
        one.reach("publish")
        other.reach("publish")
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(Running.end, (one, other))
    assert (first.code, second.code) == (0, 0), [*first.steps, *second.steps]
    assert films(first) == films(second)
    assert not list((tmp_path / "out").glob(".*"))


def names(ended: Ended) -> set[str]:
    return {path.name for path in ended.folder.iterdir()}


def films(ended: Ended) -> list[bytes]:
    record = json.loads((ended.folder / "dub.json").read_text())
    return [(ended.folder / name).read_bytes() for name in sorted(record["files"].values())]
