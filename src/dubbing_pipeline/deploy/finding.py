"""What the doctor found: a value with a code, so that each door can tell it in its own way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dubbing_pipeline.errors import DubbingError, Param

State = Literal["ok", "warn", "fail"]
"""Good; works with a loss; does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. ``check`` names what was looked at, for programs that read it.

    The words of ``code`` say how to put it right, unless all is well.
    """

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)
    check: str = field(kw_only=True)
    state: State = field(kw_only=True)


def findings_of(error: DubbingError, *, check: str, state: State = "fail") -> Iterator[Finding]:
    """Turn an error, or each of those it gathers, into findings."""
    for part in error.parts or (error,):
        yield Finding(part.code, part.params, check=check, state=state)
