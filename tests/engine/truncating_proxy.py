"""Requests and answers that end too early, at the very byte: what Toxiproxy cannot do, for it knows no messages.

Toxiproxy counts the bytes of a connection, so it meets a small request in its head or not at all; and it passes no
half-close on: where one direction ends, it ends both.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from socketserver import BaseRequestHandler
from typing import Literal
from urllib.parse import urlsplit

from engine.toxiproxy import Stream
from loopback_server import LoopbackServer

Place = Literal["start", "head", "last byte", "end"]
"""Before the first byte; in the middle of the head; with only the last byte missing; after it."""

_CHUNK = 65_536
_HEAD_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Truncation:
    """A message (a request `upstream`, an answer `downstream`) of which a part is passed on, followed by its end.

    Attributes:
        stream: Which of the two.
        place: Where it ends.
        half: Whether the end is that of the message's direction alone: the other one stays open, and is served.
    """

    stream: Stream
    place: Place
    half: bool = False

    def part(self, message: bytes) -> bytes:
        """Return what is passed on of a whole message."""
        head = message.index(_HEAD_ENDS) + len(_HEAD_ENDS)
        ends = {"start": 0, "head": head // 2, "last byte": len(message) - 1, "end": len(message)}
        return message[: ends[self.place]]


class TruncatingProxy(LoopbackServer):
    """Forwards to `target`, a url, message by message; between `begin` and `end` it truncates some of them.

    Attributes:
        broken: How many did, since `begin`.
    """

    def __init__(self, target: str) -> None:
        super().__init__(_Handler)
        parts = urlsplit(target)
        self.target = (parts.hostname or "", parts.port or 80)
        self._truncation: Truncation | None = None
        self._once = False
        self._left = 0
        self._met: set[bytes] = set()
        self.broken = 0

    def begin(self, how: Truncation, *, once: bool, first: int = 0) -> None:
        """Truncate each request, or the answer to it, after so many that pass; `once`: not when it comes again."""
        self._truncation, self._once, self._left = how, once, first
        self._met.clear()
        self.broken = 0

    def end(self) -> None:
        """Pass everything on again."""
        self._truncation = None

    def serve(self, client: socket.socket, server: socket.socket) -> None:
        """Forward the messages of one connection."""
        while is_whole(request := _receive(client)):
            due = self._due(request)
            if due is None:
                server.sendall(request)
                client.sendall(_receive(server))
            else:
                self.broken += 1
                if due.stream == "upstream":
                    _truncate_request(due, request, client, server)
                else:
                    _truncate_answer(due, request, client, server)
                return

    def _due(self, request: bytes) -> Truncation | None:
        if self._left:
            self._left -= 1
            return None
        # A request that is sent again is the same to the byte, and no other is: a query has its own nonce.
        if self._once and request in self._met:
            return None
        self._met.add(request)
        return self._truncation


class _Handler(BaseRequestHandler):
    server: TruncatingProxy

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as target:
            self.server.serve(self.request, target)


def _truncate_request(how: Truncation, request: bytes, client: socket.socket, server: socket.socket) -> None:
    server.sendall(how.part(request))
    if how.half:
        server.shutdown(socket.SHUT_WR)
        client.sendall(_receive(server))


def _truncate_answer(how: Truncation, request: bytes, client: socket.socket, server: socket.socket) -> None:
    if how.place == "start":  # so early that the server has not even got the request
        client.shutdown(socket.SHUT_WR)
    server.sendall(request)
    answer = _receive(server)
    if how.place != "start":
        client.sendall(how.part(answer))
        client.shutdown(socket.SHUT_WR)
    while how.half and client.recv(_CHUNK):  # until the client ends its direction too
        pass


def is_whole(message: bytes) -> bool:
    """Whether these bytes are a whole request or answer, as influxd and its clients frame them."""
    head, ends, body = message.partition(_HEAD_ENDS)
    if not ends:
        return False
    lines = head.split(b"\r\n")
    pairs = (line.partition(b":") for line in lines[1:])
    fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if fields.get(b"transfer-encoding") == b"chunked":
        return _has_last_chunk(body)
    if b"content-length" in fields:
        return len(body) >= int(fields[b"content-length"])
    # An answer that does not say how long it is ends with its connection.
    return not lines[0].startswith(b"HTTP/") or b" 204 " in lines[0]


def _has_last_chunk(body: bytes) -> bool:
    while True:
        size, ends, body = body.partition(b"\r\n")
        if not ends:
            return False
        if not int(size, 16):
            return body.startswith(b"\r\n")  # no trailers: nobody here sends any
        body = body[int(size, 16) + 2 :]


def _receive(connection: socket.socket) -> bytes:
    """Return the next message, or as much of it as comes."""
    message = b""
    while not is_whole(message) and (piece := connection.recv(_CHUNK)):
        message += piece
    return message
