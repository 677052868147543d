"""Finds secrets: in files first, and never in a file that others can read."""

import os
import shlex
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from dubbing_pipeline.config.names import ENVIRONMENT, RawValue
from dubbing_pipeline.errors import SettingsError

_LONGEST: Final = 64 * 1024


def gather_secrets(
    values: Mapping[str, RawValue], *, names: Iterable[str], credentials: str | None
) -> tuple[dict[str, RawValue], list[str], list[SettingsError]]:
    """Find each secret: ``NAME_FILE``, then the credentials folder, then a value in clear.

    Args:
        values: What environment and settings file hold.
        names: The secrets' environment names.
        credentials: systemd's ``$CREDENTIALS_DIRECTORY``, or None.

    Returns:
        The secrets by name; the names that stand somewhere in clear; what is wrong.
    """
    found: dict[str, RawValue] = {}
    in_clear: list[str] = []
    problems: list[SettingsError] = []
    for name in names:
        try:
            file = _file_of(name, values, credentials)
            if file is not None:
                found[name] = RawValue(read_secret(name, file), str(file))
            if name in values:
                in_clear.append(name)
                _refuse_clear_text(name, values[name])
        except SettingsError as problem:
            problems.append(problem)
    return found, in_clear, problems


def _file_of(name: str, values: Mapping[str, RawValue], credentials: str | None) -> Path | None:
    told = values.get(f"{name}_FILE")
    if told is not None:
        return Path(told.text)
    if credentials:
        candidate = Path(credentials, name.lower())
        return candidate if _may_be_there(candidate) else None
    return None


def _may_be_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # to be told by whoever reads it
        return True


def _refuse_clear_text(name: str, value: RawValue) -> None:
    if value.source != ENVIRONMENT:
        path = Path(value.source)
        refuse_open_file(name, path, path.stat().st_mode)


def read_secret(key: str, path: Path) -> str:
    """Read a secret; one trailing newline is not part of it.

    Args:
        key: The setting, for errors.
        path: The file. A link is followed; the target's rights count.

    Raises:
        SettingsError: The file is missing, empty, readable by everybody, or holds more than
            one line of text.
    """
    try:
        with path.open("rb") as stream:
            refuse_open_file(key, path, os.fstat(stream.fileno()).st_mode)
            content = stream.read(_LONGEST + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror if isinstance(error, OSError) else error.reason
        raise SettingsError(
            "config.secret_unreadable", key=key, path=str(path), detail=detail
        ) from error
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret.strip():
        raise SettingsError("config.secret_empty", key=key, path=str(path))
    if len(content) > _LONGEST or not secret.isprintable():
        raise SettingsError("config.secret_not_one_line", key=key, path=str(path))
    return secret


def refuse_open_file(key: str, path: Path, mode: int) -> None:
    """Refuse a file with a secret that every user of the machine can read or change.

    Raises:
        SettingsError: Names the command that closes the file.
    """
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        fix = f"chmod o-rwx {shlex.quote(str(path))}"
        raise SettingsError("config.secret_open_to_all", key=key, path=str(path), fix=fix)
