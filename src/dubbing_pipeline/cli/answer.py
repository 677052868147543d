"""What a command answers to a program: one JSON object on standard output."""

import json
from typing import Any

import typer


def print_json(value: Any, *, indent: int | None = None) -> None:
    """Print a value as JSON that every reader takes.

    Letters stay readable, but for file names that are no text: half a surrogate pair, which is
    how Python holds such bytes, has no UTF-8 and is escaped.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    if not text.isascii() and _has_surrogates(text):
        text = json.dumps(value, allow_nan=False, indent=indent)
    typer.echo(text)


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
