"""A TCP proxy between us and Redis that can be slow, deaf, or somewhere else."""

import socket
import threading
import time
from contextlib import suppress
from typing import Literal

Mode = Literal["pass", "slow", "deaf", "closed", "loading"]
_CHUNK = 65536


class Proxy:
    """Listens on a port of its own. ``mode`` may change at any time, for open connections too.

    ``deaf`` accepts and never answers: a black hole, and a half-open line for those who were
    connected. ``loading`` answers each request as a server that still reads its file.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.mode: Mode = "pass"
        self.delay_s = 0.9
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def cut(self) -> None:
        """End every connection."""
        for line in self._open:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        self._open.clear()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.mode == "closed":
                client.close()
                continue
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target_port), timeout=2)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        self._open.append(server)
        threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()
        self._pump(client, server, True)

    def _pump(self, source: socket.socket, sink: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if self.mode == "deaf":
                    continue
                if self.mode == "slow" and not asks:
                    time.sleep(self.delay_s)  # noqa: TID251 - the fault itself
                if self.mode == "loading" and asks:
                    source.sendall(b"-LOADING Redis is loading the dataset in memory\r\n")
                    continue
                sink.sendall(data)
        for line in (source, sink):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
