"""The tiers of the test suite: one table, run in its order, cheapest first.

``tiers.py run [--fast|--nightly] [PYTEST ARGS]`` runs them and closes with one line a tier and
the sum; ``tiers.py required`` says afterwards whether each tier that must run really did.
The result of a tier is one file, ``.tiers/NAME.json``.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
COUNTS = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?")

When = Literal["fast", "always", "nightly"]


@dataclass(frozen=True, slots=True)
class Tier:
    """A folder of tests, or a command whose last line is `N passed, N failed[, N skipped]`.

    Attributes:
        name: As in the summary; the folder is ``tests/NAME`` unless there is a command.
        budget_min: Minutes it may take; more is printed, and never red.
        when: ``fast`` is also run by ``--fast``, ``nightly`` only by ``--nightly``.
        command: What to run in place of pytest.
    """

    name: str
    budget_min: float
    when: When = "always"
    command: tuple[str, ...] = ()


TIERS = (
    Tier("lint", 1, "fast", ("scripts/lint",)),
    Tier("unit", 2, "fast"),
    Tier("contract", 1, "fast"),
    Tier("flow", 1, "fast"),
    Tier("dub", 6),
    Tier("queue", 6),
    Tier("chaos", 3),
    Tier("fresh", 15, "nightly"),
)


@dataclass(frozen=True, slots=True)
class Skip:
    """A test that was not run, and why."""

    test: str
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one tier did. ``exit_code`` is the program's own; 0 does not yet mean good."""

    tier: str
    passed: int
    failed: int
    skipped: tuple[Skip, ...]
    seconds: float
    budget_min: float
    exit_code: int

    @property
    def ran_nothing(self) -> bool:
        return self.passed + self.failed == 0

    @property
    def good(self) -> bool:
        return self.exit_code == 0 and self.failed == 0 and not self.ran_nothing

    @property
    def failures(self) -> int:
        """The failed tests; a tier that broke or ran nothing is a failure as well."""
        return self.failed or (0 if self.good else 1)

    @property
    def counts(self) -> str:
        return f"{self.passed} passed, {self.failures} failed, {len(self.skipped)} skipped"


# --- running ----------------------------------------------------------------------------------


def run_tiers(tiers: tuple[Tier, ...], root: Path, environment: dict[str, str]) -> list[Result]:
    """Run every tier, also after one has failed, and store each result as it comes."""
    folder = results_folder(root)
    for old in folder.iterdir():
        old.unlink()
    results = []
    for tier in tiers:
        print(f"\n=== {tier.name} ===", flush=True)
        result = run_tier(tier, root, environment)
        (folder / f"{tier.name}.json").write_text(json.dumps(asdict(result), indent=1), "utf-8")
        results.append(result)
    return results


def run_tier(tier: Tier, root: Path, environment: dict[str, str]) -> Result:
    """Run one tier and count."""
    started = time.perf_counter()
    if tier.command:
        exit_code, passed, failed, skipped = run_command(tier.command, root, environment)
    else:
        report = results_folder(root) / f"{tier.name}.xml"
        exit_code = run_pytest([f"tests/{tier.name}"], report, root, environment)
        passed, failed, skipped = read_junit(report)
    seconds = time.perf_counter() - started
    return Result(tier.name, passed, failed, skipped, seconds, tier.budget_min, exit_code)


Counted = tuple[int, int, tuple[Skip, ...]]


def run_command(
    command: tuple[str, ...], root: Path, environment: dict[str, str]
) -> tuple[int, int, int, tuple[Skip, ...]]:
    """Run a program, show its output as it comes, and read the counts from its last line."""
    last = ""
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    ) as program:
        for line in program.stdout or ():
            print(line, end="", flush=True)
            last = line.strip() or last
    counts = COUNTS.fullmatch(last)
    passed, failed, skipped = (
        (int(count or 0) for count in counts.groups()) if counts else (0, 0, 0)
    )
    return program.returncode, passed, failed, (Skip(command[0], "see its output"),) * skipped


def run_pytest(words: list[str], report: Path, root: Path, environment: dict[str, str]) -> int:
    """Run pytest with these words; its exit code. A missing folder is pytest's own error 4."""
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *words]
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def read_junit(report: Path) -> Counted:
    """Count a JUnit file; one that was not written counts nothing."""
    if not report.exists():
        return 0, 0, ()
    passed, failed, skipped = 0, set(), []
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  # pytest has just written it
        name = f"{case.get('classname')}::{case.get('name')}"
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
        elif skip is not None:
            skipped.append(Skip(name, (skip.get("message") or skip.text or "").strip()))
        else:
            passed += 1
    return passed, len(failed), tuple(skipped)


def results_folder(root: Path) -> Path:
    """Give the folder of the results, made if need be."""
    folder = root / ".tiers"
    folder.mkdir(exist_ok=True)
    return folder


# --- telling ----------------------------------------------------------------------------------


def summary(results: list[Result]) -> list[str]:
    """One line a tier, its skip reasons below it, and at the end the sum alone on a line."""
    lines = ["", "=== summary ==="]
    for result in results:
        minutes = result.seconds / 60
        over = f" (over its {result.budget_min:g} min)" if minutes > result.budget_min else ""
        verdict = "ok" if result.good else "FAILED"
        nothing = ", ran no test" if result.ran_nothing else ""
        lines.append(
            f"{result.tier:<10} {verdict:<6} {result.counts}{nothing}, {minutes:.1f} min{over}"
        )
        reasons = Counter(skip.reason for skip in result.skipped)
        lines += [f"           skipped {count}: {reason}" for reason, count in reasons.items()]
    return [*lines, total(results)]


def total(results: list[Result]) -> str:
    """The closing line of the whole run."""
    passed = sum(result.passed for result in results)
    failed = sum(result.failures for result in results)
    skipped = sum(len(result.skipped) for result in results)
    return f"{passed} passed, {failed} failed, {skipped} skipped"


def shortcomings(tiers: tuple[Tier, ...], root: Path) -> list[str]:
    """Say which required tier did not run, ran no test, failed, or skipped one."""
    found = []
    for tier in tiers:
        file = results_folder(root) / f"{tier.name}.json"
        if not file.exists():
            found.append(f"{tier.name}: did not run")
            continue
        stored = json.loads(file.read_text("utf-8"))
        skips = tuple(Skip(**skip) for skip in stored.pop("skipped"))
        result = Result(**stored, skipped=skips)
        if result.ran_nothing:
            found.append(f"{tier.name}: ran no test")
        elif not result.good:
            found.append(f"{tier.name}: {result.counts}")
        found += [f"{tier.name}: skipped {skip.test}: {skip.reason}" for skip in skips]
    return found


# --- the door ---------------------------------------------------------------------------------


def chosen(tiers: tuple[Tier, ...], mode: When) -> tuple[Tier, ...]:
    """Give the tiers of a mode: nightly runs all, always all but nightly's, fast only its own."""
    ranks: list[When] = ["fast", "always", "nightly"]
    allowed = ranks[: ranks.index(mode) + 1]
    return tuple(tier for tier in tiers if tier.when in allowed)


def run(mode: When, words: list[str], environment: dict[str, str]) -> int:
    """Run the tiers of a mode, or with words only those tests; print the summary."""
    if mode == "nightly":
        environment = {**environment, "TESTS_NIGHTLY": "1"}
    if words:
        report = results_folder(ROOT) / "chosen.xml"
        report.unlink(missing_ok=True)
        started = time.perf_counter()
        exit_code = run_pytest(words, report, ROOT, environment)
        seconds = time.perf_counter() - started
        results = [Result("chosen", *read_junit(report), seconds, 60, exit_code)]
    else:
        results = run_tiers(chosen(TIERS, mode), ROOT, environment)
    print("\n".join(summary(results)))
    return 0 if all(result.good for result in results) else 1


def required() -> int:
    """Print what is wrong with the last run; 1 if anything is."""
    found = shortcomings(chosen(TIERS, "always"), ROOT)
    for line in found:
        print(f"required tier {line}", file=sys.stderr)
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/test", description="Run the tiers of the tests.")
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", prog="scripts/test", epilog="All else goes to pytest.")
    which = running.add_mutually_exclusive_group()
    which.add_argument("--fast", action="store_const", dest="mode", const="fast")
    which.add_argument("--nightly", action="store_const", dest="mode", const="nightly")
    commands.add_parser("required")
    options, words = parser.parse_known_args()
    if options.command == "required":
        return required()
    return run(options.mode or "always", words, dict(os.environ))


if __name__ == "__main__":
    sys.exit(main())
