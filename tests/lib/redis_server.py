"""A real redis-server of a test's own: in its folder, on a UNIX socket, with every way to die."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lib.tools import need
from lib.waiting import wait_until


class RedisServer:
    """Starts, kills, freezes and empties one server. ``url`` stays the same over restarts."""

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        self._program = need("redis-server")
        self._folder = folder
        self._options = options
        self.port = port
        self.socket_path = folder / "r.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        if self.port:
            return f"redis://127.0.0.1:{self.port}/0"
        return f"unix://{self.socket_path}"

    def start(self, *options: str, wait: bool = True) -> None:
        arguments = [
            *(self._program, "--port", str(self.port), "--unixsocket", str(self.socket_path)),
            *("--dir", str(self._folder), "--save", "", "--appendonly", "yes"),
            *("--appendfsync", "everysec", "--daemonize", "no", "--loglevel", "warning"),
            *("--bind", "127.0.0.1", *self._options, *options),
        ]
        log = (self._folder / "redis.log").open("ab")
        self._process = subprocess.Popen(arguments, stdout=log, stderr=log)
        log.close()
        if wait:
            wait_until(self.answers, "redis-server answers")

    def answers(self) -> bool:
        with suppress(OSError):
            return self.talk("PING").startswith(b"+PONG")
        return False

    def talk(self, *words: str) -> bytes:
        """Send one command in the simplest form and give the raw answer."""
        parts = [f"*{len(words)}\r\n".encode()]
        parts += [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            line.connect(str(self.socket_path))
            line.sendall(b"".join(parts))
            return line.recv(65536)

    def kill(self) -> None:
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None
            self.socket_path.unlink(missing_ok=True)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def empty(self) -> None:
        """Throw away what is on disk; the server must not run."""
        for path in (self._folder / "appendonlydir").glob("*"):
            path.unlink()

    def restart_empty(self) -> None:
        self.kill()
        self.empty()
        self.start()


@contextmanager
def running_redis(folder: Path, *options: str, port: int = 0) -> Iterator[RedisServer]:
    server = RedisServer(folder, *options, port=port)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
