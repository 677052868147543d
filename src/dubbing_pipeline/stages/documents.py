"""Timeline and edits as JSON files: the same in a folder, in the store and over the wire."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dubbing_pipeline.errors import InputRefused
from dubbing_pipeline.model.speech import Edits, Timeline

SCHEMA = 1

_T = TypeVar("_T")

_TIMELINE: TypeAdapter[Timeline] = TypeAdapter(Timeline)
_EDITS: TypeAdapter[Edits] = TypeAdapter(Edits)


def timeline_text(timeline: Timeline) -> str:
    """Write a timeline as JSON: sorted keys, one form for one content."""
    return _text({"schema": SCHEMA, **asdict(timeline)})


def read_timeline(path: Path) -> Timeline:
    """Read a timeline file.

    Raises:
        InputRefused: It is no timeline, or of another schema.
    """
    return _read(path, _TIMELINE)


def edits_text(edits: Edits) -> str:
    """Write edits as JSON; fields that were not changed are left out."""
    history = [
        {
            "line": change.line,
            "edit": {name: each for name, each in asdict(change.edit).items() if each is not None},
        }
        for change in edits.history
    ]
    return _text({"schema": SCHEMA, "rev": edits.rev, "history": history})


def read_edits(path: Path) -> Edits:
    """Read an edits file; a missing file means that nothing was changed.

    Raises:
        InputRefused: It is no edits file, or of another schema.
    """
    if not path.exists():
        return Edits()
    return _read(path, _EDITS)


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def _read(path: Path, adapter: TypeAdapter[_T]) -> _T:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        schema = value.pop("schema", None)
        value.pop("rev", None)  # written for people; the history says it
    except (ValueError, TypeError, AttributeError) as error:
        raise InputRefused(
            "stages.document_unreadable", path=str(path), detail=str(error)
        ) from error
    if schema != SCHEMA:
        raise InputRefused("stages.document_schema", path=str(path), schema=schema, expected=SCHEMA)
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise InputRefused(
            "stages.document_unreadable", path=str(path), detail=str(error)
        ) from error
