"""A real HTTP server on this machine that answers by a script, also badly."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """One answer. ``cut_after`` closes the connection when so many bytes of the body are out."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    wait_for: threading.Event | None = None


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Answer = Callable[[Received], Reply]


class HttpService:
    """Where the server is, and what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.received: list[Received] = []
        self._answer = answer
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, received: Received) -> Reply:
        self.received.append(received)
        return self._answer(received)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._serve("GET")

            def do_POST(self) -> None:
                self._serve("POST")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

            def _serve(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = service.reply(Received(method, self.path, headers, body))
                if reply.wait_for is not None:
                    reply.wait_for.wait(30)
                self.send_response(reply.status)
                self.send_header("Content-Length", str(len(reply.body)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body[: reply.cut_after])
                if reply.cut_after is not None:
                    self.close_connection = True

        return Handler


@contextmanager
def serving(answer: Answer) -> Iterator[HttpService]:
    """Run a server for a while."""
    service = HttpService(answer)
    try:
        yield service
    finally:
        service.close()


def one_after_the_other(*replies: Reply) -> Answer:
    """Answer with each reply once; the last one goes on for ever."""
    left = list(replies)

    def answer(received: Received) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer
