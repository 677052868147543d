"""The files of this project, as git knows them, for the tests that hold the whole tree to a rule."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked_files() -> tuple[Path, ...]:
    """List the files that git knows here or would take, without those deleted on disk."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    files = (ROOT / path for path in sorted(set(listed.decode().split("\0"))) if path)
    return tuple(file for file in files if file.is_file())


@cache
def text_of(file: Path) -> str:
    """Read a file's text; a binary file has none."""
    data = file.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", errors="replace")


def python_files() -> Iterator[Path]:
    """List the Python files, also the scripts without a suffix."""
    for file in tracked_files():
        first = text_of(file).split("\n", 1)[0]
        if file.suffix == ".py" or (first.startswith("#!") and "python" in first):
            yield file


@cache
def parsed(file: Path) -> ast.Module:
    """Parse a Python file."""
    return ast.parse(text_of(file), filename=str(file))


def functions(file: Path) -> Iterator[Function]:
    """List the functions and methods of a Python file, inner ones too."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, Function):
            yield node


def length_without_docstring(function: Function) -> int:
    """Count the lines from ``def`` to the last one, less those of the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def imported_modules(file: Path) -> Iterator[tuple[int, str]]:
    """List what a file imports, as (line, dotted name), imports inside functions too."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def shown(file: Path) -> str:
    """Give the path as a person reads it in a message."""
    return str(file.relative_to(ROOT))
