"""The types that settings are made of: how each is read, and how a good one is written."""

import ipaddress
import re
import shlex
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field

from dubbing_pipeline.config.field import Expects

_HOST_LABEL: Final = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOSTNAME: Final = re.compile(rf"{_HOST_LABEL}(\.{_HOST_LABEL})*\.?")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_REDIS_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,127}")
_ENV_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _bad(text: object) -> ValueError:
    """Say no; the words are made elsewhere, from the field's notation."""
    return ValueError(text)


def _matching(pattern: re.Pattern[str]) -> AfterValidator:
    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise _bad(text)
        return text

    return AfterValidator(check)


def _split(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise _bad(path)
    return path


def _address(text: str) -> str:
    """An IP address, a host name, or the word ``tailscale``."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return _host_name(text)


def _host_name(text: str) -> str:
    if _HOSTNAME.fullmatch(text) is None or text.replace(".", "").isdigit():
        raise _bad(text)
    return text.lower()


def _served_host(text: str) -> str:
    return "*." + _host_name(text[2:]) if text.startswith("*.") else _address(text)


def _subnet(text: str) -> str:
    return text if text == "default" else str(ipaddress.ip_network(text))


def _web_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise _bad(text)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _bad(text)
    return text.rstrip("/")


def _redis_url(text: str) -> str:
    parts = urlsplit(text)
    rooted = parts.path if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in {"redis", "rediss", "unix"} or not rooted or parts.port == 0:
        raise _bad(text)
    return text


def _command_line(text: str) -> str:
    if not shlex.split(text):
        raise _bad(text)
    return text


def check_redis_url(text: str) -> str:
    """Accept an address of a Redis server; ``ValueError`` for anything else."""
    return _redis_url(text)


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


Folder = Annotated[Path, AfterValidator(_absolute), Expects("/absolute/path", "path")]
Folders = Annotated[
    tuple[Folder, ...],
    BeforeValidator(_split),
    Expects("/absolute/path[,/absolute/path…]", "list"),
]
FileName = Annotated[str, _matching(_FILE_NAME), Expects("plain file name")]
RedisName = Annotated[str, _matching(_REDIS_NAME), Expects("A-Z a-z 0-9 : . _ -")]
BindAddress = Annotated[str, AfterValidator(_address), Expects("IP|host|tailscale")]
HostName = Annotated[str, AfterValidator(_host_name), Expects("host.name")]
HostNames = Annotated[
    tuple[Annotated[str, AfterValidator(_served_host)], ...],
    BeforeValidator(_split),
    Expects("host[,*.host…]", "list"),
]
Subnets = Annotated[
    tuple[Annotated[str, AfterValidator(_subnet)], ...],
    BeforeValidator(_split),
    Expects("[default,]192.168.1.0/24[,fd00::/8…]", "list"),
]
Prefixes = Annotated[
    tuple[Annotated[str, _matching(_ENV_PREFIX)], ...],
    BeforeValidator(_split),
    Expects("PREFIX_[,PREFIX_…]", "list"),
]
WebUrl = Annotated[str, AfterValidator(_web_url), Expects("http(s)://host[:port][/path]", "url")]
CommandLine = Annotated[str, AfterValidator(_command_line), Expects("program [argument…]")]
LowerText = BeforeValidator(_lower)
Bytes = Annotated[ByteSize, Expects("0.. (64GiB, 500MB)", "integer")]
Count = Annotated[int, Field(ge=0), Expects("0..", "integer")]
Port = Annotated[int, Field(ge=1, le=65535), Expects("1..65535", "integer")]
Slots = Annotated[int, Field(ge=1, le=256), Expects("1..256", "integer")]
LeaseSeconds = Annotated[int, Field(ge=5, le=3600), Expects("5..3600", "integer")]
VisibilitySeconds = Annotated[int, Field(ge=10, le=86400), Expects("10..86400", "integer")]
ProbeSeconds = Annotated[int, Field(ge=1, le=300), Expects("1..300", "integer")]
Days = Annotated[int, Field(ge=0, le=36500), Expects("0..36500", "integer")]
SessionDays = Annotated[int, Field(ge=1, le=3650), Expects("1..3650", "integer")]
