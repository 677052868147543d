"""The runner of the tiers: nothing that did not run may look as if it had passed."""

import json
import re
from pathlib import Path

import pytest

import tiers
from tiers import Result, Skip, Tier, run_tiers, shortcomings, summary

GREEN = Tier("green", 1, command=("echo", "3 passed, 0 failed"))
RED = Tier("red", 1, command=("sh", "-c", "echo 2 passed, 1 failed; exit 1"))
MUTE = Tier("mute", 1, command=("true",))
CRASH = Tier("crash", 1, command=("sh", "-c", "echo 5 passed, 0 failed; exit 7"))

GOOD = Result("good", 4, 0, (), 30.0, 1, 0)
SLOW = Result("slow", 4, 0, (), 90.0, 1, 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tests" / "mixed"
    folder.mkdir(parents=True)
    (folder / "test_mixed.py").write_text(
        "import pytest\n"
        "def test_one(): pass\n"
        "def test_two(): assert False\n"
        "def test_three(): pytest.skip('no tool')\n"
    )
    (tmp_path / "tests" / "empty").mkdir()
    return tmp_path


def only(tier: Tier, root: Path) -> Result:
    return run_tiers((tier,), root, {"PATH": "/usr/bin:/bin"})[0]


def test_a_command_is_counted_by_its_last_line(root: Path) -> None:
    result = only(GREEN, root)
    assert (result.passed, result.failed, result.good) == (3, 0, True)
    assert only(RED, root).counts == "2 passed, 1 failed, 0 skipped"


def test_a_folder_is_counted_by_its_tests(root: Path) -> None:
    result = only(Tier("mixed", 1), root)
    assert (result.passed, result.failed, result.good) == (1, 1, False)
    assert [skip.reason for skip in result.skipped] == ["no tool"]


@pytest.mark.parametrize("tier", [MUTE, CRASH, Tier("empty", 1), Tier("absent", 1)])
def test_what_ran_nothing_or_broke_has_failed(root: Path, tier: Tier) -> None:
    result = only(tier, root)
    assert not result.good
    assert ", 1 failed" in result.counts


def test_one_red_tier_does_not_keep_the_next_from_running(root: Path) -> None:
    results = run_tiers((RED, GREEN), root, {"PATH": "/usr/bin:/bin"})
    assert [result.good for result in results] == [False, True]
    assert summary(results)[-1] == "5 passed, 1 failed, 0 skipped"


def test_the_last_line_is_the_sum_alone(root: Path) -> None:
    last = summary([only(CRASH, root), GOOD])[-1]
    assert re.fullmatch(r"\d+ passed, \d+ failed, \d+ skipped", last)
    assert last == "9 passed, 1 failed, 0 skipped"


def test_a_tier_over_its_budget_is_told_and_not_red() -> None:
    lines = "\n".join(summary([SLOW]))
    assert "over its 1 min" in lines
    assert "FAILED" not in lines
    assert "over its" not in "\n".join(summary([GOOD]))


def test_skips_are_told_with_their_reasons() -> None:
    skips = (Skip("a", "no tool"), Skip("b", "no tool"))
    assert "skipped 2: no tool" in "\n".join(summary([Result("s", 1, 0, skips, 1, 1, 0)]))


def test_a_required_tier_must_run_and_skip_nothing(root: Path) -> None:
    wanted = (GREEN, Tier("mixed", 1), MUTE, Tier("never", 1))
    run_tiers(wanted[:3], root, {"PATH": "/usr/bin:/bin"})
    said = shortcomings(wanted, root)
    assert said == [
        "mixed: 1 passed, 1 failed, 1 skipped",
        "mixed: skipped tests.mixed.test_mixed::test_three: no tool",
        "mute: ran no test",
        "never: did not run",
    ]


def test_results_of_an_earlier_run_do_not_count(root: Path) -> None:
    run_tiers((GREEN,), root, {"PATH": "/usr/bin:/bin"})
    run_tiers((RED,), root, {"PATH": "/usr/bin:/bin"})
    assert shortcomings((GREEN,), root) == ["green: did not run"]


def test_a_result_is_stored_as_json(root: Path) -> None:
    only(GREEN, root)
    stored = json.loads((root / ".tiers" / "green.json").read_text())
    assert (stored["passed"], stored["failed"], stored["skipped"]) == (3, 0, [])


def test_each_mode_runs_all_of_the_smaller_one() -> None:
    fast, always, nightly = (
        tiers.chosen(tiers.TIERS, mode) for mode in ("fast", "always", "nightly")
    )
    assert {tier.name for tier in fast} < {tier.name for tier in always}
    assert nightly == tiers.TIERS
    assert "lint" in {tier.name for tier in fast}
