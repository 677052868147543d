"""What is known about one setting besides its value: every other surface is made from this."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, Field
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

PREFIX: Final = "DUBBING_PIPELINE_"

Scope = Literal["api", "worker", "both"]
"""Which process reads it."""

Unit = Literal["", "bytes", "s", "days", "jobs"]


@dataclass(frozen=True, slots=True)
class Expects:
    """How a good value is written, in notation that needs no language: ``0|1``, ``1..3600``.

    ``kind`` is for surfaces that have types of their own.
    """

    notation: str
    kind: Literal["text", "path", "integer", "flag", "choice", "list", "url"] = "text"


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting, as documentation and generators see it.

    ``name`` is the attribute in the model, ``env`` the name in an environment, ``default`` the
    default as it would be written there ("" for none), ``expects`` the notation of good values.
    """

    name: str
    env: str
    kind: str
    expects: str
    default: str
    unit: Unit
    secret: bool
    scope: Scope
    since: str
    doc: str


def setting(
    doc: str,
    *,
    default: Any = PydanticUndefined,
    default_text: str | None = None,
    bare: bool = False,
    unit: Unit = "",
    scope: Scope = "both",
    since: str = "0.1.0",
) -> Any:
    """Declare a setting of a model.

    Args:
        doc: One line of documentation.
        default: Left out if the loader works it out from the machine.
        default_text: How to write the default where it is worked out.
        bare: The environment name is the attribute's alone, without our prefix.
        unit: Of a number.
        scope: Which process reads it.
        since: The release that brought it.
    """
    extra: JsonDict = {
        "default_text": default_text,
        "bare": bare,
        "unit": unit,
        "scope": scope,
        "since": since,
    }
    return Field(default=default, description=doc, json_schema_extra=extra)


def fields_of(model: type[BaseModel], *, secret: bool) -> Iterator[SettingField]:
    """List a model's settings in the order they are written there."""
    for name, info in model.model_fields.items():
        extra: Any = info.json_schema_extra
        expects = _expects(info)
        yield SettingField(
            name=name,
            env=name.upper() if extra["bare"] else PREFIX + name.upper(),
            kind=expects.kind,
            expects=expects.notation,
            default=_default_text(info, extra["default_text"]),
            unit=extra["unit"],
            secret=secret,
            scope=extra["scope"],
            since=extra["since"],
            doc=info.description or "",
        )


def _expects(info: FieldInfo) -> Expects:
    for part in info.metadata:
        if isinstance(part, Expects):
            return part
    for candidate in (info.annotation, *get_args(info.annotation)):
        for part in getattr(candidate, "__metadata__", ()):
            if isinstance(part, Expects):
                return part
        if get_origin(candidate) is Literal:
            return Expects("|".join(get_args(candidate)), "choice")
    return Expects("0|1", "flag") if info.annotation is bool else Expects("text")


def _default_text(info: FieldInfo, told: str | None) -> str:
    if told is not None:
        return told
    value = info.default
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value)
