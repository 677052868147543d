"""scripts/check_names finds what must not stand in the tree, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from lib.tree import ROOT

# Put together at run time: the tests are part of the tree too.
OLD, GREEK = "an" + "ime", "al" + "pha"
ONE, TWO = "v" + str(1), "v" + str(2)

PLANTED = [
    OLD,
    f"{OLD}_x",
    f"{OLD}-{TWO}",
    f"{OLD}{TWO}",
    f"{OLD.title()}Job",
    f"my{OLD.title()}",
    f"HTML{OLD.title()}",
    f"DUB_{OLD.upper()}_DIR",
    f"{ONE.upper()}_DIR",
    f"x_{ONE}",
    f"x{TWO.upper()}",
    f"/api/{ONE}/jobs",
    f"{TWO}.3.1",
    f"{ONE}beta2",
    f"get{GREEK.title()}",
    f"--{GREEK}: 1",
]
HARMLESS = [
    f"text.is{GREEK}()",
    f"{GREEK}bet",
    f"{GREEK}numeric {GREEK}extract",
    "IPv4 TLSv1.2 yuva420p ev1l 3v2x msmpeg4v2 v12",
    f"actions/checkout@{'v' + str(4)}",
    f"integrity sha512-Ab/{ONE}+x/{TWO}==",
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def check(repository: Path) -> tuple[int, str]:
    command = [sys.executable, str(ROOT / "scripts" / "check_names"), str(repository)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def allow(repository: Path, *, count: int, reason: str = "their own word") -> None:
    entry = f'[[allow]]\npath = "notes.txt"\ncount = {count}\nreason = "{reason}"\n'
    (repository / "names-allow.toml").write_text(entry)


@pytest.mark.parametrize("text", PLANTED)
def test_a_planted_word_is_found_with_its_line(repository: Path, text: str) -> None:
    (repository / "notes.txt").write_text(f"first line\n{text}\n")
    status, said = check(repository)
    assert status == 1
    assert said.startswith("notes.txt:2: ")


@pytest.mark.parametrize("text", HARMLESS)
def test_a_word_inside_another_is_no_alarm(repository: Path, text: str) -> None:
    (repository / "notes.txt").write_text(text)
    assert check(repository) == (0, "")


@pytest.mark.parametrize("name", [f"{OLD}.txt", f"api_{ONE}/notes.txt", f"{TWO.upper()}.md"])
def test_a_planted_name_is_found(repository: Path, name: str) -> None:
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text("clean")
    status, said = check(repository)
    assert (status, "its name" in said) == (1, True)


def test_the_target_of_a_link_is_read(repository: Path) -> None:
    (repository / "link").symlink_to(f"{OLD}.txt")
    assert check(repository)[0] == 1


def test_ignored_and_binary_files_are_left_alone(repository: Path) -> None:
    (repository / ".gitignore").write_text("out/\n")
    (repository / "out").mkdir()
    (repository / "out" / "notes.txt").write_text(OLD)
    (repository / "film.bin").write_bytes(b"\0" + OLD.encode())
    assert check(repository) == (0, "")


def test_an_exception_excuses_exactly_what_it_counts(repository: Path) -> None:
    (repository / "notes.txt").write_text(f"{GREEK} {GREEK}\n")
    allow(repository, count=2)
    assert check(repository) == (0, "")
    allow(repository, count=3)
    assert check(repository)[0] == 1


def test_an_exception_without_use_or_reason_is_an_error(repository: Path) -> None:
    (repository / "notes.txt").write_text("clean")
    allow(repository, count=1)
    assert "0 are there" in check(repository)[1]
    (repository / "notes.txt").write_text(GREEK)
    allow(repository, count=1, reason="")
    assert "the reason is missing" in check(repository)[1]
