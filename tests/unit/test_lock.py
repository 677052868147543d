"""The lock in requirements/ is whole, and says so when it is stale."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lib.tree import ROOT
from lock_inputs import digest

RENEW = "the lock is stale: run scripts/lock and commit requirements/"
LOCKS = ("server", "engines", "offline", "dev", "piper", "uv")

Pins = dict[str, set[str]]


def pins(name: str) -> Pins:
    """Read the pinned versions of one lock; a package may have one for each Python."""
    found: Pins = {}
    for line in (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").splitlines():
        if pin := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", line):
            found.setdefault(canonicalize_name(pin[1]), set()).add(pin[2])
    return found


def declared() -> dict[str, list[str]]:
    """List the requirements that each lock has to satisfy."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    base, extras = (
        pyproject["project"]["dependencies"],
        pyproject["project"]["optional-dependencies"],
    )
    engines = [*base, *extras["engines"]]
    offline = [*engines, *extras["offline"]]
    return {
        "server": base,
        "engines": engines,
        "offline": offline,
        "dev": [
            *offline,
            *pyproject["dependency-groups"]["dev"],
            *pyproject["build-system"]["requires"],
        ],
        "piper": extras["piper"],
        "uv": requirement_lines("uv.in"),
    }


def requirement_lines(name: str) -> list[str]:
    lines = (ROOT / "requirements" / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def unsatisfied(requirements: list[str], pinned: Pins) -> list[str]:
    """List the requirements that no pin fulfils."""
    return [
        text
        for text in requirements
        for wanted in [Requirement(text)]
        if not any(
            wanted.specifier.contains(v) for v in pinned.get(canonicalize_name(wanted.name), ())
        )
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_a_pin_that_fulfils_it(name: str) -> None:
    assert not unsatisfied(declared()[name], pins(name)), RENEW


def test_a_requirement_that_moved_on_is_noticed() -> None:
    assert unsatisfied(["typer>=999"], pins("server")) == ["typer>=999"]
    assert unsatisfied(["not-there"], pins("server")) == ["not-there"]


def test_the_lock_was_made_from_what_is_declared_now() -> None:
    recorded = (ROOT / "requirements" / "inputs.sha256").read_text("utf-8").strip()
    assert recorded == digest(), RENEW


def test_a_changed_requirement_changes_the_digest(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (tmp_path / "pyproject.toml").write_text(text.replace("line-length = 100", "line-length = 99"))
    assert digest(tmp_path) == digest()
    (tmp_path / "pyproject.toml").write_text(text.replace('"rich>=', '"rich>=0.'))
    assert digest(tmp_path) != digest()


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    blocks = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text))
    assert not [block for block in blocks if block and "--hash=sha256:" not in block]
    assert "--index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize(
    ("small", "large"), [("server", "engines"), ("engines", "offline"), ("offline", "dev")]
)
def test_a_larger_lock_holds_the_same_versions_as_the_smaller(small: str, large: str) -> None:
    larger = pins(large)
    assert not {name for name, versions in pins(small).items() if larger.get(name) != versions}, (
        RENEW
    )


def test_the_piper_extra_and_its_own_lock_ask_for_the_same() -> None:
    assert requirement_lines("piper.in") == declared()["piper"]
