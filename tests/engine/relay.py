"""Passes bytes on as they come, and says when a connection, a request or an answer begins: so a fault can be timed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

_CHUNK = 65_536


class Relay:
    """Forwards connections to `target`, a url, byte by byte: also requests that were cut.

    The hooks are called with the number of the connection, counted from 1, before anything is passed on. The clients
    send no request before they have the answer to the last one.

    Attributes:
        accepted: Called when a connection was accepted.
        asked: Called when a request begins.
        answered: Called when an answer begins.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._open: list[socket.socket] = []
        self._workers: list[threading.Thread] = []
        self.accepted: Callable[[int], None] = lambda _: None
        self.asked: Callable[[int], None] = lambda _: None
        self.answered: Callable[[int], None] = lambda _: None

    def __enter__(self) -> Relay:
        self._accepting.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for connection in self._open:
            _shut(connection, socket.SHUT_RDWR)
        for worker in self._workers:
            worker.join()
        for connection in self._open:
            connection.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # the end
                return
            number += 1
            self.accepted(number)
            server = socket.create_connection(self._target)
            self._open += [client, server]
            pair = _Pair(self, number, client, server)
            for work in (pair.ask, pair.answer):
                self._workers.append(threading.Thread(target=work, daemon=True))
                self._workers[-1].start()


class _Pair:
    """A connection of a client and the one to the server behind it."""

    def __init__(self, relay: Relay, number: int, client: socket.socket, server: socket.socket) -> None:
        self._relay, self._number = relay, number
        self._client, self._server = client, server
        self._asking = False

    def ask(self) -> None:
        for piece in _pieces(self._client):
            if not self._asking:
                self._asking = True
                self._relay.asked(self._number)
            _send(self._server, piece)
        # Toxiproxy closes both ways, and what a server says to half a request does not come through.
        _shut(self._server, socket.SHUT_RDWR)

    def answer(self) -> None:
        for piece in _pieces(self._server):
            if self._asking:
                self._asking = False
                self._relay.answered(self._number)
            _send(self._client, piece)
        _shut(self._client, socket.SHUT_WR)


def _pieces(connection: socket.socket) -> Iterator[bytes]:
    try:
        while piece := connection.recv(_CHUNK):
            yield piece
    except OSError:  # broken: nothing more comes
        return


def _send(connection: socket.socket, piece: bytes) -> None:
    try:
        connection.sendall(piece)
    except OSError:  # gone: the other direction says so to the other end
        return


def _shut(connection: socket.socket, how: int) -> None:
    try:
        connection.shutdown(how)
    except OSError:  # closed a moment ago
        return
