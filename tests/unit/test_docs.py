"""What the documentation tells people to type exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from dubbing_pipeline.cli import app
from lib.tree import ROOT, shown, text_of, tracked_files

PAGES = sorted(
    file
    for file in tracked_files()
    if file.suffix == ".md" and (file.parent == ROOT or file.is_relative_to(ROOT / "docs"))
)
CODE = re.compile(r"`([^`\n]+)`|^(?: {4}|\$ )(.+)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)")


def code_of(page: Path) -> Iterator[str]:
    """List what a page shows as code, in lines and in blocks; fences do not matter for it."""
    text = re.sub(r"(?m)^```.*$", "", text_of(page))
    for inline, block in CODE.findall(text):
        yield (inline or block).strip()
    for fenced in re.findall(r"(?ms)^```\w*\n(.*?)^```", text_of(page)):
        yield from (line.strip().removeprefix("$ ") for line in fenced.splitlines())


def unknown_command(words: list[str]) -> str:
    """Follow the words of a `dub` call through the commands; give the first that is none."""
    known: dict[str, object] = {"dub": typer.main.get_command(app)}
    current = "dub"
    for word in words:
        commands = getattr(known[current], "commands", None)
        if commands is None or not re.fullmatch(r"[a-z][a-z|-]*", word):
            return ""
        for current in word.split("|"):
            if current not in commands:
                return current
        known = commands
    return ""


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_script_that_is_named_exists(page: Path) -> None:
    named = {
        match
        for code in code_of(page)
        for match in re.findall(r"(?:^|\s|\./)((?:scripts|tests|\.ci)/[\w./-]+)", code)
    }
    assert not {path for path in named if not (ROOT / path).exists()}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_command_that_is_named_exists(page: Path) -> None:
    calls = [
        match.split()
        for code in code_of(page)
        for match in re.findall(r"(?:^|/bin/)dub ((?:[a-z|-]+ ?)+)", code)
    ]
    assert not {f"dub {' '.join(words)}" for words in calls if unknown_command(words)}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(text_of(page))
    assert not [target for target in targets if not (page.parent / target).exists()]


def test_the_readme_names_both_commands() -> None:
    code = set(code_of(ROOT / "README.md"))
    assert {"./scripts/demo", "./scripts/test"} <= code


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert unknown_command(["config", "show"]) == ""
    assert unknown_command(["nothing"]) == "nothing"
    assert unknown_command(["config", "nothing"]) == "nothing"
