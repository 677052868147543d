"""Reads environment files the way systemd's ``EnvironmentFile=`` does, but loses nothing.

The rules are those of systemd.exec(5): one ``NAME=value`` a line, ``#`` and ``;`` begin comment
lines, values may stand in single or double quotes and then run over several lines, a backslash
keeps the next character or joins lines, nothing is expanded. Where systemd would skip a line in
silence, we refuse the file and name the line.
"""

import re
from pathlib import Path
from typing import Final

from dubbing_pipeline.errors import SettingsError

_IGNORED: Final = re.compile(r"[ \t\r]*(?:[#;][^\n]*)?(?:\n|\Z)")
_ASSIGNMENT: Final = re.compile(
    r"""
    [ \t]* (?P<name>[A-Za-z_][A-Za-z0-9_]*) [ \t]* = [ \t]*
    (?: '(?P<single>[^']*)'
      | "(?P<double>(?:[^"\\]|\\.)*)"
      | (?!['"]) (?P<plain>(?:(?:[^\\\n]|\\.)*(?:[^\\\s]|\\.))?)
    )
    [ \t\r]* (?:\n|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED_ESCAPE: Final = re.compile(r'\\(\n|["\\`$])')
_PLAIN_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def read_environment_file(path: Path) -> dict[str, str]:
    """Read a file of settings.

    Raises:
        SettingsError: It cannot be read, has a line that is no assignment, or a name twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "config.file_unreadable", path=str(path), detail=_reason(error)
        ) from error
    return parse_environment(text, path=str(path))


def parse_environment(text: str, *, path: str) -> dict[str, str]:
    """Read settings from text; ``path`` only names it in errors.

    Raises:
        SettingsError: A line is no assignment, or a name stands there twice.
    """
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        if ignored := _IGNORED.match(text, at):
            at = ignored.end()
            continue
        line = text.count("\n", 0, at) + 1
        found = _ASSIGNMENT.match(text, at)
        if found is None:
            raise SettingsError("config.bad_line", path=path, line=line)
        name = found["name"]
        if name in values:
            raise SettingsError("config.name_twice", path=path, line=line, key=name)
        values[name] = _value(found)
        at = found.end()
    return values


def _value(found: re.Match[str]) -> str:
    if (single := found["single"]) is not None:
        return single
    if (double := found["double"]) is not None:
        return _QUOTED_ESCAPE.sub(_unescaped, double)
    return _PLAIN_ESCAPE.sub(_unescaped, found["plain"])


def _unescaped(escape: re.Match[str]) -> str:
    return "" if escape[1] == "\n" else escape[1]


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror if isinstance(error, OSError) else error.reason)
