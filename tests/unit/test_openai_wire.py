"""Requests to an endpoint that is slow, busy, broken or not there: over a real socket."""

import threading

import pytest
from pydantic import SecretStr

from dubbing_pipeline.engines.openai.wire import ATTEMPTS, Refused, Request, Wire
from dubbing_pipeline.engines.settings import Endpoint
from dubbing_pipeline.errors import Cancelled, EngineFailed, EngineUnreachable
from fakes.clock import FakeClock
from fakes.http_service import HttpService, Reply, one_after_the_other, serving

KEY = "sk-very-secret"
ASK = Request("/chat", read_s=5.0, json={"ask": 1})


def wire(service: HttpService | None, clock: FakeClock | None = None, url: str = "") -> Wire:
    address = f"{service.url}/prefix/" if service else url
    return Wire(Endpoint(address, "model-x", SecretStr(KEY)), clock=clock or FakeClock())


def quiet() -> None:
    pass


def test_the_address_given_is_the_prefix_and_the_key_goes_into_one_header() -> None:
    with serving(lambda _: Reply(b"hello")) as service:
        assert wire(service).post(ASK, tick=quiet) == b"hello"
    asked = service.received[0]
    assert asked.path == "/prefix/chat"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert KEY.encode() not in asked.body


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    with serving(one_after_the_other(Reply(status=status), Reply(b"good"))) as service:
        assert wire(service).post(ASK, tick=quiet) == b"good"
    assert len(service.received) == 2


def test_pauses_grow_and_end() -> None:
    clock = FakeClock()
    with (
        serving(lambda _: Reply(status=503)) as service,
        pytest.raises(EngineUnreachable) as caught,
    ):
        wire(service, clock).post(ASK, tick=quiet)
    assert len(service.received) == ATTEMPTS
    assert sum(clock.slept_s) == pytest.approx(1 + 2 + 4 + 8)
    assert caught.value.failure == "transient"


@pytest.mark.parametrize(
    ("header", "pause_s"),
    [("7", 7.0), ("Thu, 01 Jan 2026 00:00:09 GMT", 9.0), ("soon", 1.0), ("9999", 60.0)],
)
def test_retry_after_is_honoured_within_reason(header: str, pause_s: float) -> None:
    clock = FakeClock()
    busy = Reply(status=429, headers={"Retry-After": header})
    with serving(one_after_the_other(busy, Reply(b"x"))) as service:
        wire(service, clock).post(ASK, tick=quiet)
    assert sum(clock.slept_s) == pytest.approx(pause_s)


def test_an_answer_cut_off_is_asked_for_again() -> None:
    with serving(
        one_after_the_other(Reply(b"0123456789", cut_after=4), Reply(b"whole"))
    ) as service:
        assert wire(service).post(ASK, tick=quiet) == b"whole"


def test_nobody_there_is_a_passing_failure_that_names_the_address() -> None:
    with serving(lambda _: Reply()) as service:
        url = service.url
    with pytest.raises(EngineUnreachable) as caught:
        wire(None, url=url).post(ASK, tick=quiet)
    assert caught.value.params["url"] == url


def test_silence_longer_than_borne_is_a_passing_failure() -> None:
    never = threading.Event()
    with serving(one_after_the_other(Reply(wait_for=never), Reply(b"late"))) as service:
        asked = Request("/chat", read_s=0.2, json={})
        assert wire(service).post(asked, tick=quiet) == b"late"
        never.set()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "engines.endpoint_denied", EngineFailed),
        (403, "engines.endpoint_denied", EngineFailed),
        (404, "engines.endpoint_not_found", EngineFailed),
        (400, "engines.endpoint_refused", Refused),
        (302, "engines.endpoint_refused", EngineFailed),
    ],
)
def test_what_will_not_pass_is_an_error_at_once(
    status: int, code: str, kind: type[EngineFailed]
) -> None:
    elsewhere = {"Location": "http://127.0.0.1:1/"}
    with (
        serving(lambda _: Reply(b"no", status, elsewhere)) as service,
        pytest.raises(kind) as caught,
    ):
        wire(service).post(ASK, tick=quiet)
    assert caught.value.code == code
    assert len(service.received) == 1


def test_the_key_is_shown_nowhere_even_if_the_service_repeats_it() -> None:
    echo = f"Incorrect API key provided: {KEY}".encode()
    with serving(lambda _: Reply(echo, 401)) as service, pytest.raises(EngineFailed) as caught:
        wire(service).post(ASK, tick=quiet)
    assert KEY not in str(caught.value) + repr(caught.value) + repr(caught.value.params)
    assert KEY not in repr(Endpoint(service.url, "m", SecretStr(KEY)))


def test_a_password_in_the_address_is_not_shown() -> None:
    with pytest.raises(EngineUnreachable) as caught:
        wire(None, url="http://user:hunter2@127.0.0.1:9/x").post(ASK, tick=quiet)
    assert "hunter2" not in str(caught.value)


def test_an_address_that_is_none_is_no_passing_failure() -> None:
    with pytest.raises(EngineFailed) as caught:
        wire(None, url="ftp://host").post(ASK, tick=quiet)
    assert caught.value.code == "engines.endpoint_url_bad"


def test_a_cancel_gets_through_while_the_service_thinks() -> None:
    never = threading.Event()

    def stop() -> None:
        raise Cancelled("stages.cancelled")

    with serving(lambda _: Reply(wait_for=never)) as service:
        with pytest.raises(Cancelled):
            wire(service).post(ASK, tick=stop)
        never.set()


def test_a_cancel_gets_through_in_a_pause() -> None:
    ticks: list[int] = []

    def stop_later() -> None:
        ticks.append(1)
        if len(ticks) > 3:
            raise Cancelled("stages.cancelled")

    with serving(lambda _: Reply(status=503)) as service, pytest.raises(Cancelled):
        wire(service).post(ASK, tick=stop_later)
    assert len(service.received) < ATTEMPTS
