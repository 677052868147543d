"""The lines of a finished dub, as its folder tells them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Lines = Sequence[Mapping[str, Any]]


def read_lines(folder: Path) -> Lines:
    """Read the lines of a finished dub's timeline."""
    lines: Lines = json.loads((folder / "timeline.json").read_text(encoding="utf-8"))["lines"]
    return lines
