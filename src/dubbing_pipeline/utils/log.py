"""Log lines: one event each with named values; key=value for eyes, JSON for machines."""

import logging
import re
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog

HIDDEN: Final = "***"

_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|secret|token|authorization|cookie|credential|api_?key", re.IGNORECASE
)
_URL_PASSWORD: Final = re.compile(r"(?<=://)[^/\s@]+(?=@)")

Event = MutableMapping[str, Any]


def configure_log(
    stream: TextIO, *, level: str = "info", secrets: Collection[str] = (), service: str = ""
) -> None:
    """Set up where log lines go, once at the door of a process.

    Lines of libraries that use ``logging`` take the same way.

    Args:
        stream: Lines for a person if it is a terminal, else one JSON object each.
        level: The least serious level to write: debug, info, warning or error.
        secrets: Values that must not appear in any line.
        service: Stands in each line, if given.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if stream.isatty():
        renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            Redaction(secrets),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    if service:
        structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(handlers=[_Forwarder()], level=number, force=True)


def get_logger(room: str) -> Any:
    """Give a room's logger: ``log.info("job.started", job=…)``."""
    return structlog.get_logger(room=room)


class Redaction:
    """A processor that hides secrets: by the name of a value, by known content, in addresses."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        # Short ones would hide parts of ordinary words.
        self._secrets = sorted((s for s in secrets if len(s) >= 4), key=len, reverse=True)

    def __call__(self, logger: object, method: str, event: Event) -> Event:
        del logger, method
        return {name: self._named(name, value) for name, value in event.items()}

    def _named(self, name: str, value: Any) -> Any:
        return HIDDEN if value and _SECRET_NAME.search(name) else self._shown(value)

    def _shown(self, value: Any) -> Any:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, HIDDEN)
            return _URL_PASSWORD.sub(HIDDEN, value)
        if isinstance(value, Mapping):
            return {name: self._named(str(name), inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._shown(inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._shown(str(value))


class _Forwarder(logging.Handler):
    """Hands lines of the standard ``logging`` on to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger(room=record.name)
        logger.log(record.levelno, record.getMessage(), exc_info=record.exc_info)
