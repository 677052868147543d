"""A finished dub as a folder a person can keep, move and edit.

``<title>.<language>/`` holds the film, subtitles in both languages, one player file a language,
``timeline.json``, ``edits.json`` once something was changed, ``report.json`` and ``report.html``,
and ``dub.json``, which says by content key what all of it was made from. The folder appears under
its name in one step, whole, or not at all, and never takes a name that is in use.
"""

import errno
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from filecmp import cmp
from glob import escape
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dubbing_pipeline.engines.modes import EngineChoice
from dubbing_pipeline.errors import NotFoundError, RefusedError, UsageError
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.stages.call import digest
from dubbing_pipeline.utils.files import (
    copy_content,
    existing_part,
    refusing_full_disk,
    rename_new,
    sync_folder,
    write_atomic,
)

SCHEMA = 1
RECORD = "dub.json"
EDITS = "edits.json"
TIMELINE = "timeline.json"
REPORT = "report.json"
REPORT_PAGE = "report.html"

_TITLE_BYTES = 180
"""What is left of a name's 255 bytes for language, revision and ending."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a dub was made from, and what was made, by content key.

    ``made`` has keys by stage and role, of the first film. ``files`` has file names by role, of
    the newest one; ``rev`` is the revision of the edits that is in it.
    """

    title: str
    spec: DubSpec
    engines: EngineChoice
    given: Mapping[str, str]
    made: Mapping[str, Mapping[str, str]]
    files: Mapping[str, str]
    rev: int = 0

    @property
    def job(self) -> str:
        """Name the work itself: equal for equal film, request and engines."""
        given = dict(self.given)
        return digest({"spec": asdict(self.spec), "engines": asdict(self.engines), "given": given})


_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def title_of(film: Path) -> str:
    """Make a title from a file name: what every file system and media server can hold.

    Control characters and slashes become blanks, a leading dash or dot goes (programs would
    take it for an option or hide the file), and over-long names end early.
    """
    kept = "".join(
        " " if not char.isprintable() or char in '/\\"<>:|?*' else char for char in film.stem
    )
    title = " ".join(kept.split()).lstrip("-. ").rstrip(". ")
    return title.encode()[:_TITLE_BYTES].decode(errors="ignore").rstrip(". ") or "film"


def beside(name: str, rev: int) -> str:
    """Name a report or timeline of a revision: ``report.json``, ``report.rev2.json``."""
    if rev == 0:
        return name
    path = Path(name)
    return f"{path.stem}.rev{rev}{path.suffix}"


def refuse_unwritable(out_dir: Path) -> None:
    """Refuse an out folder that we cannot write to, before hours of work and not after.

    Raises:
        UsageError: It is no folder, or may not be written to.
    """
    there = existing_part(out_dir)
    if not there.is_dir():
        raise UsageError("stages.out_not_a_folder", folder=str(out_dir), file=str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        raise _not_writable(out_dir, os.strerror(errno.EACCES))


def find(out_dir: Path, wanted: Record) -> Path | None:
    """Find the folder of the same work, if it was done before and is still whole."""
    for folder in sorted(out_dir.glob(f"{escape(wanted.title)}.*")):
        try:
            record = read_record(folder)
        except NotFoundError:
            continue  # somebody else's, or another release's
        if record.job == wanted.job and _is_whole(folder, record):
            return folder
    return None


def _is_whole(folder: Path, record: Record) -> bool:
    names = [*record.files.values(), TIMELINE, beside(REPORT, record.rev)]
    return all((folder / name).is_file() for name in names)


def publish(
    out_dir: Path,
    record: Record,
    contents: Mapping[str, Path | str],
    *,
    hidden: Path,
    tick: Callable[[float], None],
) -> Path:
    """Make the folder: in a hidden one beside it first, then renamed in one step.

    Args:
        out_dir: Where the folder shall be; made if it is not there.
        record: What the dub is made of; its ``title`` and language name the folder.
        contents: File name to a file to copy, or text to write.
        hidden: A name in ``out_dir`` that nobody has.
        tick: Progress 0 to 1, and cancel.

    Returns:
        The folder. If the name is taken, it is ``<title>.<language> (2)`` and so on.

    Raises:
        OutOfSpace: The disk is full; nothing stays.
        UsageError: The out folder may not be written to.
    """
    try:
        with refusing_full_disk(out_dir):
            out_dir.mkdir(parents=True, exist_ok=True)
            hidden.mkdir()
    except OSError as error:
        raise _not_writable(out_dir, error.strerror or "") from error
    try:
        with refusing_full_disk(out_dir):
            for number, (name, content) in enumerate(contents.items()):
                tick(number / len(contents))
                place(hidden / name, content)
            write_record(hidden, record)
            sync_folder(hidden)
            return _take_name(hidden, out_dir, f"{record.title}.{record.spec.target_language}")
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def place(path: Path, content: Path | str) -> None:
    """Write a new file of the folder, on disk when this returns."""
    if isinstance(content, Path):
        copy_content(content, path)
    else:
        write_atomic(path, content)


def place_once(path: Path, content: Path | str, *, hidden: Path) -> None:
    """Write a new file of the folder, whole or not at all; one that is there already stays.

    Args:
        path: The file.
        content: A file to copy, or text to write.
        hidden: A name in the same folder that nobody has.

    Raises:
        OutOfSpace: The disk is full; nothing stays.
    """
    if path.exists():
        return
    try:
        with refusing_full_disk(path.parent):
            place(hidden, content)
            with suppress(FileExistsError):  # somebody else was faster: that one stays
                rename_new(hidden, path)
            sync_folder(path.parent)
    finally:
        hidden.unlink(missing_ok=True)


def holds(path: Path, content: Path | str) -> bool:
    """Tell whether a file is there and has this content."""
    if not path.is_file():
        return False
    if isinstance(content, str):
        return path.read_bytes() == content.encode()
    return cmp(path, content, shallow=False)


def unchanged(folder: Path, record: Record, made: Mapping[str, Path]) -> dict[str, str]:
    """Name the files of the newest film, by role, that a revision would only write again."""
    return {
        role: name
        for role, name in record.files.items()
        if role in made and holds(folder / name, made[role])
    }


def refuse_others(folder: Path, contents: Mapping[str, Path | str]) -> None:
    """Refuse to leave another revision's files under the names of this one.

    Raises:
        RefusedError: A name is taken by other content: the edits were begun anew since.
    """
    for name, content in contents.items():
        if (folder / name).exists() and not holds(folder / name, content):
            raise RefusedError("stages.revision_taken", path=str(folder / name))


def read_report(path: Path) -> dict[str, Any]:
    """Read a report of the folder."""
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def write_record(folder: Path, record: Record) -> None:
    text = json.dumps({"schema": SCHEMA, **asdict(record)}, sort_keys=True, indent=1)
    write_atomic(folder / RECORD, text + "\n")


def read_record(folder: Path) -> Record:
    """Read what a folder is made of.

    Raises:
        NotFoundError: It is not the folder of a finished dub.
    """
    path = folder / RECORD
    if not path.is_file():
        raise NotFoundError("stages.no_dub_here", folder=str(folder), file=RECORD)
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if value.pop("schema") != SCHEMA:
            raise NotFoundError("stages.no_dub_here", folder=str(folder), file=RECORD)
        return _RECORD.validate_python(value)
    except (ValueError, TypeError, KeyError, AttributeError, ValidationError) as error:
        raise NotFoundError("stages.no_dub_here", folder=str(folder), file=RECORD) from error


def _not_writable(out_dir: Path, detail: str) -> UsageError:
    return UsageError("stages.out_not_writable", folder=str(out_dir), detail=detail)


def _take_name(hidden: Path, out_dir: Path, name: str) -> Path:
    for number in count(1):
        folder = out_dir / (name if number == 1 else f"{name} ({number})")
        try:
            rename_new(hidden, folder)
        except FileExistsError:
            continue
        sync_folder(out_dir)
        return folder
    raise AssertionError  # the numbers never end
