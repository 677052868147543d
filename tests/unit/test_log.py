"""Log lines have one form, and no secret gets into them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from dubbing_pipeline.utils.log import configure_log, get_logger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def line(stream: io.StringIO) -> Any:
    return json.loads(stream.getvalue())


def test_a_machine_reads_json() -> None:
    stream = io.StringIO()
    configure_log(stream, service="dub")
    get_logger("jobs").info("job.started", job="x", n=1, ok=True, none=None)
    told = line(stream)
    told.pop("timestamp")
    assert told == {
        "event": "job.started", "level": "info", "room": "jobs", "service": "dub",
        "job": "x", "n": 1, "ok": True, "none": None,
    }  # fmt: skip


def test_a_terminal_shows_key_and_value() -> None:
    stream = Terminal()
    configure_log(stream)
    get_logger("jobs").warning("job.late", wait_s=3)
    assert "level=warning event=job.late" in stream.getvalue()
    assert "wait_s=3" in stream.getvalue()


def test_lines_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    configure_log(stream, level="error")
    get_logger("jobs").info("quiet")
    logging.getLogger("library").warning("quiet")
    assert stream.getvalue() == ""


def test_lines_of_libraries_take_the_same_way() -> None:
    stream = io.StringIO()
    configure_log(stream)
    logging.getLogger("library").warning("about %s", "redis://u:hunter2@host")
    assert (line(stream)["event"], line(stream)["room"]) == ("about redis://***@host", "library")


@pytest.mark.parametrize(
    "value",
    [
        {"password": "hunter2"},
        {"api_key": "hunter2"},
        {"headers": {"Authorization": "Bearer hunter2"}},
        {"text": "the value hunter2 inside"},
        {"texts": ["a", ("hunter2",)]},
        {"url": "redis://user:hunter2@host/0"},
        {"error": ValueError("hunter2")},
    ],
)
def test_no_secret_gets_into_a_line(value: dict[str, Any]) -> None:
    stream = io.StringIO()
    configure_log(stream, secrets=["hunter2"])
    get_logger("room").info("event", **value)
    assert "hunter2" not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_a_traceback_hides_secrets_too() -> None:
    stream = io.StringIO()
    configure_log(stream, secrets=["hunter2"])
    try:
        int("hunter2")
    except ValueError:
        get_logger("room").exception("failed")
    assert "ValueError" in line(stream)["exception"]
    assert "hunter2" not in stream.getvalue()
