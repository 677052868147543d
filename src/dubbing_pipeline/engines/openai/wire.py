"""Requests to a service that may be slow, busy, broken, or not there.

What may pass is tried again with growing pauses; what will not is an error at once. The key goes
into one header and nowhere else: not into messages, logs, or ``repr``. Redirects are not
followed, because they would carry it elsewhere.
"""

import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import httpx2

from dubbing_pipeline.engines.base import Tick
from dubbing_pipeline.engines.settings import Endpoint
from dubbing_pipeline.errors import EngineFailed, EngineMissing, EngineUnreachable
from dubbing_pipeline.utils.clock import Clock, SystemClock

ATTEMPTS = 5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
_TICK_S = 0.2
_CONNECT_S = 10.0
_ANSWER_BYTES = 256 << 20
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REWORDABLE = frozenset({400, 413, 422})
_REFUSALS = {
    401: "engines.endpoint_denied",
    403: "engines.endpoint_denied",
    404: "engines.endpoint_not_found",
}
_DETAIL_CHARACTERS = 300

Form = Mapping[str, str | list[str]]
Files = Mapping[str, tuple[str, bytes, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """One POST: a JSON body, or a form with files. ``read_s`` is how long silence is borne."""

    path: str
    read_s: float
    json: Any = None
    form: Form | None = None
    files: Files | None = None


class Refused(EngineFailed):
    """The service understood and said no to this very request; another wording may do."""


class _Passing(Exception):
    """What went wrong may be over soon. Never leaves this file."""

    def __init__(self, detail: str, retry_after: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class Wire:
    """Carries requests to one endpoint."""

    def __init__(self, endpoint: Endpoint, *, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock

    @property
    def model(self) -> str:
        return self._endpoint.model

    def post(self, request: Request, *, tick: Callable[[], None]) -> bytes:
        """Send a request until it is answered; pauses grow from 1 s, or are as the service says.

        Raises:
            EngineUnreachable: It did not answer, or said to come back, ``ATTEMPTS`` times.
            Refused: It says that the request is not good (400, 413, 422).
            EngineFailed: It denies access, or does not know the path or model.
        """
        pause_s = FIRST_PAUSE_S
        detail = ""
        for attempt in range(ATTEMPTS):
            try:
                return self._watched(request, tick)
            except _Passing as passing:
                detail = passing.detail
                wanted = self._wanted_pause(passing.retry_after)
            if attempt + 1 < ATTEMPTS:
                self._wait(min(wanted or pause_s, LONGEST_PAUSE_S), tick)
                pause_s *= 2
        raise EngineUnreachable(
            "engines.endpoint_unreachable", url=self._told_url, attempts=ATTEMPTS, detail=detail
        )

    def _watched(self, request: Request, tick: Callable[[], None]) -> bytes:
        """Send in a thread, and tick here; if a tick raises, the connection is closed."""
        with httpx2.Client(timeout=_timeout(request), follow_redirects=False) as client:
            future: Future[bytes] = Future()
            sending = threading.Thread(
                target=_settle, args=(future, partial(self._send, client, request)), daemon=True
            )
            sending.start()
            while not _is_done(future):
                tick()
            return future.result()

    def _send(self, client: httpx2.Client, request: Request) -> bytes:
        try:
            with client.stream(
                "POST",
                self._url(request.path),
                headers=self._headers(),
                json=request.json,
                data=request.form,
                files=request.files,
            ) as response:
                body = _read(response)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise EngineFailed(
                "engines.endpoint_url_bad", url=self._told_url, detail=str(error)
            ) from error
        except (httpx2.TransportError, httpx2.DecodingError, RuntimeError) as error:
            raise _Passing(f"{type(error).__name__}: {error}") from error
        if response.status_code in _PASSING:
            after = response.headers.get("retry-after", "")
            raise _Passing(f"{response.status_code} {self._shown(body)}", after)
        if not response.is_success:
            raise self._refusal(response.status_code, body)
        return body

    def _refusal(self, status: int, body: bytes) -> EngineFailed:
        code = _REFUSALS.get(status, "engines.endpoint_refused")
        kind = Refused if status in _REWORDABLE else EngineFailed
        return kind(
            code,
            url=self._told_url,
            model=self.model,
            status=status,
            detail=self._shown(body),
        )

    @property
    def _told_url(self) -> str:
        """The address as messages may show it: without a name and password in it."""
        return re.sub(r"//[^/@]*@", "//", self._endpoint.url)

    def _url(self, path: str) -> str:
        return self._endpoint.url.rstrip("/") + path

    def _headers(self) -> dict[str, str]:
        key = self._endpoint.key
        return {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}

    def _shown(self, body: bytes) -> str:
        """Quote the start of an answer, without the key, should the service repeat it."""
        text = " ".join(body[: 4 * _DETAIL_CHARACTERS].decode("utf-8", "replace").split())
        key = self._endpoint.key
        if key and key.get_secret_value():
            text = text.replace(key.get_secret_value(), "***")
        return text[:_DETAIL_CHARACTERS]

    def _wanted_pause(self, retry_after: str) -> float:
        """Read ``Retry-After`` (RFC 9110, 10.2.3): seconds or a date; 0 if it says nothing."""
        if not retry_after:
            return 0.0
        try:
            return max(float(retry_after), 0.0)
        except ValueError:
            pass
        try:
            return max((parsedate_to_datetime(retry_after) - self._clock.now()).total_seconds(), 0)
        except (ValueError, TypeError):
            return 0.0

    def _wait(self, seconds: float, tick: Callable[[], None]) -> None:
        end = self._clock.monotonic_s() + seconds
        while (left := end - self._clock.monotonic_s()) > 0:
            tick()
            self._clock.sleep(min(left, _TICK_S))


def at(progress: float, tick: Tick) -> Callable[[], None]:
    """Make a tick for the time in which progress stands at one place."""
    return partial(tick, progress)


def _timeout(request: Request) -> httpx2.Timeout:
    return httpx2.Timeout(request.read_s, connect=_CONNECT_S)


def _settle(future: Future[bytes], send: Callable[[], bytes]) -> None:
    try:
        future.set_result(send())
    except BaseException as error:  # noqa: BLE001 - raised again where the answer is awaited
        future.set_exception(error)


def _is_done(future: Future[bytes]) -> bool:
    return bool(wait([future], timeout=_TICK_S).done)


def _read(response: httpx2.Response) -> bytes:
    """Read an answer, but not one without end.

    Raises:
        EngineFailed: It is larger than any sensible one.
    """
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _ANSWER_BYTES:
            raise EngineFailed("engines.answer_too_long", engine="openai", limit=_ANSWER_BYTES)
    return bytes(body)


def open_wire(endpoint: Endpoint | None, model: str, *, setting: str) -> Wire:
    """Open a configured endpoint.

    Args:
        endpoint: What is configured.
        model: The model asked for, or "" for the configured one.
        setting: The middle of the settings' names: STT, LLM or TTS.

    Raises:
        EngineMissing: Nothing is configured, or another model.
    """
    name = f"DUBBING_PIPELINE_{setting}_URL"
    if endpoint is None:
        raise EngineMissing(
            "engines.endpoint_missing", setting=name, fix=f"{name}=http://HOST:PORT/PATH"
        )
    if model not in ("", endpoint.model):
        raise EngineMissing(
            "engines.endpoint_other_model",
            setting=f"DUBBING_PIPELINE_{setting}_MODEL",
            asked=model,
            found=endpoint.model,
            fix=f"DUBBING_PIPELINE_{setting}_MODEL={model}",
        )
    return Wire(endpoint, clock=SystemClock())
