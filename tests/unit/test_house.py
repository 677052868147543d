"""The laws that no linter holds, over the whole tree."""

import ast
import configparser
import os
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import pytest

from lib.tree import (
    ROOT,
    functions,
    imported_modules,
    length_without_docstring,
    parsed,
    python_files,
    shown,
    text_of,
    tracked_files,
)

SOURCE = ROOT / "src" / "dubbing_pipeline"

# The one room that starts programs, and those that look after what it started.
STARTS_PROGRAMS = {
    SOURCE / "utils" / "process.py",
    SOURCE / "runtime" / "child_supervisor.py",  # the process a job runs in
}
# The clock and the environment are read in these; everybody else is handed them.
READS_THE_WORLD = {
    SOURCE / "utils" / "clock.py",
    SOURCE / "utils" / "confinement.py",  # what of the environment a program inherits
    SOURCE / "cli" / "__init__.py",
    SOURCE / "cli" / "door.py",
}

# Put together, so that the rule does not break itself.
OUTSIDE_OF_THE_TREE = re.compile(
    r"(?<![\w./}>-])/(?:wo" + r"rk|ho" + r"me/[a-z]+|ro" + r"ot/\.pyenv|tm" + r"p/bash_jobs)/"
)
INDEX_HOSTS = re.compile(
    r"https?://[^\s/\"']*(?:py" + r"pi\.org|python" + r"hosted\.org|registry\.npm"
    r"js\.org|deb\.deb" + r"ian\.org|archive\.ubu" + r"ntu\.com|proxy\.gol" + r"ang\.org"
    r"|crat" + r"es\.io|repo1?\.mav" + r"en\.org|maven\.apa" + r"che\.org)"
)


def test_no_file_is_longer_than_400_lines() -> None:
    long = {shown(file): n for file in python_files() if (n := text_of(file).count("\n")) > 400}
    assert not long, f"split these by what they are about: {long}"


def test_no_function_is_longer_than_50_lines(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = {
        f"{shown(file)}:{function.lineno} {function.name}": length_without_docstring(function)
        for file in python_files()
        for function in functions(file)
    }
    source = [n for place, n in lengths.items() if place.startswith("src/")]
    with capsys.disabled():
        print(f" median of {len(source)} functions: {median(source):g} lines ", end="")  # noqa: T201
    assert median(source) <= 9
    assert not {place: n for place, n in lengths.items() if n > 50}


def test_programs_are_started_in_one_place_only() -> None:
    barred = ("subprocess", "pty", "os.system", "os.popen", "os.spawn", "os.posix_spawn")
    assert not [
        f"{shown(file)}:{line} {name}"
        for file in source_files()
        if file not in STARTS_PROGRAMS
        for line, name in [*imported_modules(file), *attributes(file)]
        if name.startswith((*barred, "asyncio.create_subprocess"))
    ]


def test_clock_and_environment_are_read_where_they_belong() -> None:
    mark = "noqa: " + "TID251"
    lifted = {
        file for file in python_files() if file.is_relative_to(SOURCE) and mark in text_of(file)
    }
    assert not {shown(file) for file in lifted - READS_THE_WORLD}


def test_every_package_says_what_it_is() -> None:
    packages = [file for file in source_files() if file.name == "__init__.py"]
    assert packages
    assert not [shown(file) for file in packages if not ast.get_docstring(parsed(file))]


def test_every_folder_of_code_is_a_package() -> None:
    folders = {file.parent for file in source_files()}
    assert not [shown(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_files_are_named_by_what_is_in_them() -> None:
    barred = {"manager", "helper", "helpers", "common", "util", "impl", "misc"}
    assert not [shown(f) for f in python_files() if barred & set(f.stem.lower().split("_"))]


@pytest.mark.parametrize("rule", [OUTSIDE_OF_THE_TREE, INDEX_HOSTS], ids=["paths", "hosts"])
def test_the_tree_knows_no_machine(rule: re.Pattern[str]) -> None:
    assert not list(matches(rule))


def test_the_tree_names_no_package_index_of_this_machine() -> None:
    hosts = [host for host in index_hosts_here() if host not in {"", "localhost", "127.0.0.1"}]
    if hosts:
        assert not list(matches(re.compile("|".join(map(re.escape, hosts)))))


def test_this_checkout_is_named_nowhere() -> None:
    assert not list(matches(re.compile(re.escape(str(ROOT)) + r"\b")))


def source_files() -> list[Path]:
    return [file for file in python_files() if file.is_relative_to(SOURCE)]


def attributes(file: Path) -> Iterator[tuple[int, str]]:
    """List what is written as ``name.attribute``, as (line, text)."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.lineno, f"{node.value.id}.{node.attr}"


def matches(rule: re.Pattern[str]) -> Iterator[str]:
    """List the lines of the tree that a rule finds."""
    for file in tracked_files():
        for number, line in enumerate(text_of(file).splitlines(), start=1):
            if rule.search(line):
                yield f"{shown(file)}:{number}: {line.strip()[:120]}"


def index_hosts_here() -> list[str]:
    """Read which package index this machine is set up for; most machines name none."""
    names = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX")
    addresses = [os.environ.get(name, "") for name in names]  # noqa: TID251  # only compared
    pip = configparser.ConfigParser()
    pip.read(["/etc/pip.conf"])
    addresses += [value for part in pip.sections() for key, value in pip[part].items()]
    return [urlsplit(word).hostname or "" for line in addresses for word in line.split()]
