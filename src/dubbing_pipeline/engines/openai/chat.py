"""One question to a chat model, in the dialect its server understands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from dubbing_pipeline.engines.faults import first_fault
from dubbing_pipeline.engines.openai.prompt import SCHEMA
from dubbing_pipeline.engines.openai.wire import Refused, Request, Wire
from dubbing_pipeline.errors import EngineFailed

SHORTEST_WAIT_S = 120.0
WAIT_S_A_CHARACTER = 0.3

_JSON_SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "translation", "strict": True, "schema": SCHEMA},
}
_DIALECTS: Sequence[Mapping[str, Any]] = (
    {"response_format": _JSON_SCHEMA, "temperature": 0},
    {"response_format": _JSON_SCHEMA},
    {"response_format": {"type": "json_object"}},
    {},
)
"""From strict to plain: a server that refuses one is asked in the next."""


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice]


class Chat:
    """Asks, and remembers which dialect was understood."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._dialect = 0

    def ask(self, messages: list[dict[str, str]], *, tick: Callable[[], None]) -> str:
        """Give the model's text, which may be anything.

        Raises:
            EngineUnreachable: See ``Wire.post``.
            EngineFailed: The service refuses even the plainest request, or its answer has not
                the form of a completion.
        """
        size = sum(len(message["content"]) for message in messages)
        read_s = SHORTEST_WAIT_S + WAIT_S_A_CHARACTER * size
        while True:
            body = {
                "model": self.wire.model,
                "messages": messages,
                **_DIALECTS[self._dialect],
            }
            request = Request("/chat/completions", read_s=read_s, json=body)
            try:
                return _content(self.wire.post(request, tick=tick))
            except Refused:
                if self._dialect + 1 == len(_DIALECTS):
                    raise
                self._dialect += 1


def _content(body: bytes) -> str:
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError as error:
        raise EngineFailed(
            "engines.answer_unreadable", engine="openai", detail=first_fault(error)
        ) from error
    return (completion.choices[0].message.content or "") if completion.choices else ""
