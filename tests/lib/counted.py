"""Programs that count how often they were called, standing before the real ones on PATH."""

import shlex
from pathlib import Path

from lib.tools import need


def count_calls(folder: Path, *names: str) -> Path:
    """Make a folder of programs that note their arguments and then become the real ones."""
    folder.mkdir()
    for name in names:
        real, notes = shlex.quote(need(name)), shlex.quote(str(folder / f"{name}.calls"))
        script = folder / name
        script.write_text(f'#!/bin/sh\necho "$*" >>{notes}\nexec {real} "$@"\n')
        script.chmod(0o755)
    return folder


def calls(folder: Path, name: str) -> list[str]:
    """Give the arguments of every call so far."""
    notes = folder / f"{name}.calls"
    return notes.read_text().splitlines() if notes.exists() else []
