"""A stage's work as one value that can be written down, sent and hashed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dubbing_pipeline.engines.base import EngineRef

Json = Any
"""What ``json.dumps`` takes: dicts with text keys, lists, text, numbers, booleans, None."""

Keys = Mapping[str, str]
"""Artifact keys by role, for instance ``{"speech": "3f…"}``."""


@dataclass(frozen=True, slots=True)
class StageCall:
    """Everything a stage may know: input artifacts, parameters, engine and model by hash.

    It holds no path, host, time, job id or secret, so equal calls mean equal work, and the
    result of one is the result of the other. ``version`` is the stage's own: it grows when the
    stage would make something else from the same inputs.
    """

    stage: str
    version: int
    inputs: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Json] = field(default_factory=dict)
    engines: Mapping[str, EngineRef] = field(default_factory=dict)

    def key(self, role: str, **part: Json) -> str:
        """Name an artifact of this call, or one part of a long stage, by content.

        Returns:
            64 hex digits of SHA-256 over the canonical JSON of the call, the role and the part.
        """
        return digest({"call": asdict(self), "role": role, "part": part})


def digest(value: Json) -> str:
    """Hash a value by its canonical JSON: sorted keys, no spaces, UTF-8."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def canonical(value: Json) -> str:
    """Write a value as JSON in the one way that equal values share; JSON has no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
