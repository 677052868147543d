"""What supervisor and child say to each other: one JSON object a line, over two pipes.

Supervisor to child, on the child's standard input; its end means that the supervisor is dead::

    {"call": {...}}            first line: the job's work, folders, secrets
    {"grant": "cpu"}           a slot that was wanted is held
    {"stop": "cancelled"}      end now; "drained" lets a short stage finish

Child to supervisor, on the file descriptor named in its arguments::

    {"alive": true}            life sign, every 5 s
    {"stage": s, "share": x}   progress
    {"want": "cpu"} {"free": "cpu"}
    {"pin": {role: key}}       artifacts that must be kept
    {"done": {...}} | {"failed": {...}} | {"stopped": "…"}    last line
"""

import json
from collections.abc import Mapping
from typing import Any

LIFE_SIGN_S = 5.0
DRAIN_STAGE_S = 120.0
LONGEST_LINE_BYTES = 4 * 1024 * 1024

Message = Mapping[str, Any]


def encode(message: Message) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Read one line.

    Raises:
        ValueError: It is no JSON object.
    """
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError(value)  # noqa: TRY004 - callers know one kind of broken line
    return value
