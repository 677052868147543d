"""Which names an environment may hold: ours, old ones under a declared prefix, and no others."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dubbing_pipeline.config.field import PREFIX
from dubbing_pipeline.errors import SettingsError

ENVIRONMENT: Final = "environment"
"""The source of a value that the process was started with."""


@dataclass(frozen=True, slots=True)
class RawValue:
    """A value as it was found. ``source`` is ``ENVIRONMENT`` or a file's path."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """An old name that was accepted, and the name it stands for."""

    old: str
    new: str


RawValues = Mapping[str, RawValue]


def normal_prefixes(prefixes: Iterable[str], known: frozenset[str]) -> tuple[str, ...]:
    """Put declared prefixes into one form, longest first, so that the closest one matches.

    Raises:
        SettingsError: A prefix is the beginning of names that are ours already.
    """
    normal = {prefix if prefix.endswith("_") else prefix + "_" for prefix in prefixes}
    for prefix in sorted(normal):
        if any(name.startswith(prefix) for name in known):
            raise SettingsError("config.transition_prefix_ours", prefix=prefix)
    return tuple(sorted(normal, key=lambda prefix: (-len(prefix), prefix)))


def new_name(old: str, prefixes: Iterable[str]) -> str | None:
    """Give the name that an old one stands for, known or not; None if no prefix fits."""
    for prefix in prefixes:
        if old.startswith(prefix):
            return PREFIX + old.removeprefix(prefix)
    return None


def resolve_old_names(
    values: RawValues, *, known: frozenset[str], prefixes: tuple[str, ...]
) -> tuple[dict[str, RawValue], list[Renamed], list[SettingsError]]:
    """Bring old names to their new ones.

    A new and an old name with equal values agree; with different ones they conflict, and so do
    two old names.
    """
    resolved = {name: value for name, value in values.items() if name in known}
    renamed: list[Renamed] = []
    problems: list[SettingsError] = []
    told_by = {name: name for name in resolved}
    for old in sorted(set(values) - known):
        target = _known_target(new_name(old, prefixes), known)
        if target is None:
            continue
        renamed.append(Renamed(old, target))
        if resolved.setdefault(target, values[old]).text != values[old].text:
            problems.append(_conflict(old, told_by[target], target))
        told_by.setdefault(target, old)
    return resolved, renamed, problems


def find_unknown(
    values: RawValues, *, known: frozenset[str], prefixes: tuple[str, ...]
) -> list[SettingsError]:
    """Say of each name that should be ours and is not, which one was probably meant.

    In the process environment only names with our prefix, or a declared old one, should be
    ours; in a file all of them.
    """
    problems = []
    for name, value in sorted(values.items()):
        new = new_name(name, prefixes)
        if name in known or _known_target(new, known) is not None:
            continue
        if value.source != ENVIRONMENT or name.startswith(PREFIX) or new is not None:
            problems.append(_unknown(name, new or name, source=value.source, known=known))
    return problems


def _known_target(name: str | None, known: frozenset[str]) -> str | None:
    """Find our name: most have our prefix, some never had one."""
    if name is None or name in known:
        return name
    bare = name.removeprefix(PREFIX)
    return bare if bare in known else None


def _unknown(name: str, sought: str, *, source: str, known: frozenset[str]) -> SettingsError:
    near = difflib.get_close_matches(sought, sorted(known), n=1, cutoff=0.6)
    if near:
        return SettingsError("config.unknown_name", key=name, source=source, near=near[0])
    return SettingsError("config.strange_name", key=name, source=source)


def _conflict(old: str, other: str, new: str) -> SettingsError:
    return SettingsError("config.transition_conflict", key=old, other=other, new=new)
