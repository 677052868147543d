"""Notices go out at least once, with an id that stays; a broken receiver is asked again."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from dubbing_pipeline.jobs.store import JobStore
from dubbing_pipeline.model.job import Manifest
from dubbing_pipeline.runtime.notify import Notify, Refused, refuse_private
from fakes.clock import FakeClock
from lib.stores import claim, open_store, submit, upkeep


class Receiver:
    """A web server that keeps what it is sent, and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[JobStore]:
    opened = open_store(tmp_path, clock)
    yield opened
    opened.database.close()


def add_target(store: JobStore, url: str, *, kind: str = "webhook", private: bool = True) -> None:
    with store.change("ann") as change:
        change.connection.execute(
            "INSERT INTO notify_targets VALUES ('t', 'ann', ?, ?, ?, ?, 'es', ?)",
            (kind, url.encode(), '["done", "failed"]', int(private), change.at),
        )


def send(store: JobStore, who: str = "p1") -> int:
    return asyncio.run(Notify(upkeep(store, who), bytes.decode).run_once())


def end_a_job(store: JobStore, title: str = "Película") -> None:
    submit(store, title=title)
    store.finish(claim(store).tenure, Manifest())


def test_a_webhook_is_told_once(store: JobStore, receiver: Receiver) -> None:
    add_target(store, receiver.url)
    end_a_job(store)
    assert (send(store), send(store)) == (1, 0)
    ((headers, body),) = receiver.got
    message = json.loads(body)
    assert (message["event"], message["title"], message["state"]) == ("done", "Película", "done")
    assert headers["Idempotency-Key"] == message["id"]


def test_ntfy_gets_the_title_in_the_body_in_the_owners_language(
    store: JobStore, receiver: Receiver
) -> None:
    add_target(store, receiver.url, kind="ntfy")
    end_a_job(store, "映画")
    send(store)
    ((headers, body),) = receiver.got
    assert body.decode() == "El doblaje de 映画 está listo."
    assert all(value.isascii() for value in headers.values())


def test_a_broken_receiver_is_asked_again_with_the_same_id_for_a_day(
    store: JobStore, receiver: Receiver, clock: FakeClock
) -> None:
    add_target(store, receiver.url)
    end_a_job(store)
    receiver.status = 500
    for _ in range(40):
        send(store)
        clock.advance(3600)
    ids = {headers["Idempotency-Key"] for headers, _ in receiver.got}
    assert len(ids) == 1
    assert 20 <= len(receiver.got) <= 30


def test_a_notice_claimed_by_a_dead_process_is_sent_by_another(
    store: JobStore, receiver: Receiver, clock: FakeClock
) -> None:
    add_target(store, receiver.url)
    end_a_job(store)
    assert upkeep(store, "dead").claim_notices()
    assert send(store, "heir") == 0
    clock.advance(61)
    assert send(store, "heir") == 1


def test_a_private_address_needs_permission(store: JobStore, receiver: Receiver) -> None:
    add_target(store, receiver.url, private=False)
    end_a_job(store)
    assert send(store) == 0
    assert receiver.got == []
    with pytest.raises(Refused):
        refuse_private("file:///etc/passwd")
