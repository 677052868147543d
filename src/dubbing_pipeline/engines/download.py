"""Fetches one pinned file: goes on where it was cut off, and believes nothing but the hash."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2

from dubbing_pipeline.engines.catalogue import ModelFile
from dubbing_pipeline.engines.hashes import file_sha256
from dubbing_pipeline.errors import EngineFailed, EngineUnreachable
from dubbing_pipeline.utils.clock import Clock
from dubbing_pipeline.utils.files import require_free

ATTEMPTS = 5
FIRST_PAUSE_S = 1.0
_TIMEOUT_S = 60.0
_CONNECT_S = 10.0
_PARTIAL = 206
_BAD_RANGE = 416
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

OnBytes = Callable[[int], None]
"""Called with how many bytes of a file are here. It may raise ``errors.Cancelled``."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file is, and what it must be."""

    url: str
    file: ModelFile


class _Cut(Exception):
    """The connection ended early. Never leaves this file."""


def download(source: Source, target: Path, *, clock: Clock, on_bytes: OnBytes) -> None:
    """Fetch a file into ``target``, which may hold its beginning from an earlier call.

    Raises:
        EngineUnreachable: It could not be had in ``ATTEMPTS`` tries that brought nothing new;
            what is here stays for the next call.
        EngineFailed: The address is refused, or the content is not what was pinned; then
            nothing stays.
        OutOfSpace: The disk has too little room.
    """
    require_free(target.parent, source.file.size - _size(target))
    failures, detail = 0, ""
    while _size(target) < source.file.size and failures < ATTEMPTS:
        before = _size(target)
        try:
            _transfer(source, target, on_bytes)
        except (_Cut, httpx2.TransportError) as error:
            detail = f"{type(error).__name__}: {error}"
            failures = 1 if _size(target) > before else failures + 1
            clock.sleep(FIRST_PAUSE_S * 2 ** (failures - 1))
    if _size(target) < source.file.size:
        raise EngineUnreachable(
            "engines.download_cut", url=source.url, have=_size(target), detail=detail
        )
    check_content(target, source.file, origin=source.url)


def check_content(path: Path, file: ModelFile, *, origin: str) -> None:
    """Compare a file with its pin, and remove it if it is something else.

    Raises:
        EngineFailed: Size or hash differ.
    """
    found = file_sha256(path) if _size(path) == file.size else f"{_size(path)} bytes"
    if found != file.sha256:
        path.unlink()
        raise EngineFailed(
            "engines.wrong_hash", name=file.name, origin=origin, expected=file.sha256, found=found
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _transfer(source: Source, target: Path, on_bytes: OnBytes) -> None:
    have = _size(target)
    with _response(source, have) as response:
        if response.status_code == _BAD_RANGE:
            target.unlink()
            raise _Cut("the server does not know this range")
        resumed = response.status_code == _PARTIAL and _starts_at(response, have)
        if not resumed:
            have = 0
        with target.open("ab" if resumed else "wb") as out:
            _write(response, out, have=have, most=source.file.size, on_bytes=on_bytes)


def _write(
    response: httpx2.Response, out: IO[bytes], *, have: int, most: int, on_bytes: OnBytes
) -> None:
    for chunk in response.iter_raw():
        out.write(chunk)
        have += len(chunk)
        on_bytes(have)
        if have > most:
            break
    out.flush()
    os.fsync(out.fileno())
    if have < most:
        raise _Cut(f"it ended after {have} of {most} bytes")


@contextmanager
def _response(source: Source, have: int) -> Iterator[httpx2.Response]:
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = httpx2.Timeout(_TIMEOUT_S, connect=_CONNECT_S)
    with (
        httpx2.Client(timeout=timeout, follow_redirects=True) as client,
        client.stream("GET", source.url, headers=headers) as response,
    ):
        if response.status_code in _PASSING:
            raise _Cut(f"status {response.status_code}")
        if response.status_code != _BAD_RANGE and not response.is_success:
            raise EngineFailed(
                "engines.download_refused", url=source.url, status=response.status_code
            )
        yield response


def _starts_at(response: httpx2.Response, have: int) -> bool:
    """Tell whether a partial answer begins where we stopped (RFC 9110, 14.4)."""
    return str(response.headers.get("content-range", "")).startswith(f"bytes {have}-")
