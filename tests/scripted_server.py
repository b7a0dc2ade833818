"""A server that answers each request as a test scripts it, down to the bytes, and a clock for the waits between."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO

Step = Callable[[socket.socket], bool]
"""Writes the answer to one request; False closes the connection after it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it was on the wire; header names in lower case; `connection` counts from 1."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


def answer(status: int, body: bytes | str = b"", **headers: str) -> Step:
    """A whole answer; `content_type="text/html"` becomes the header `content-type`."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items())]
    if status != 204:
        lines.append(f"content-length: {len(data)}")
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + data, keep=True)


def json_answer(status: int, body: object, **headers: str) -> Step:
    return answer(status, json.dumps(body), content_type="application/json; charset=utf-8", **headers)


def raw(*pieces: bytes, keep: bool = False) -> Step:
    """These bytes, piece by piece, and then the end of the connection."""

    def step(connection: socket.socket) -> bool:
        for piece in pieces:
            connection.sendall(piece)
        return keep

    return step


def half_closed(*pieces: bytes) -> Step:
    """These bytes, and then no more of them, though the connection stays open until the client ends it."""

    def step(connection: socket.socket) -> bool:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        return False

    return step


def reset(connection: socket.socket) -> bool:
    """Break the connection with RST, without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


class Silence:
    """Reads the request and says nothing until the test ends."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def __call__(self, connection: socket.socket) -> bool:
        del connection
        self.over.wait(30)
        return False


class ScriptedServer:
    """Plays the steps, one for each request, and the last one for ever; remembers what it was asked.

    Attributes:
        requests: What was asked.
        connections: How many were made.
        ended: Counts those that the server has ended.
    """

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None) -> None:
        self._steps = list(steps)
        self._tls = tls
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._open: list[socket.socket] = []
        self.requests: list[Seen] = []
        self.connections = 0
        self.ended = threading.Semaphore(0)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> ScriptedServer:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for step in self._steps:
            if isinstance(step, Silence):
                step.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def count(self, expected: int) -> int:
        """Return the number of requests, which may come after a client has given them up: within ten seconds."""
        end = time.monotonic() + 10
        while len(self.requests) < expected and time.monotonic() < end:
            time.sleep(0.01)
        return len(self.requests)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        # A client that goes away in the middle is what many scripts are about.
        with self._ending(), contextlib.suppress(OSError), connection:
            wired = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with wired, wired.makefile("rb") as stream:
                while seen := _read_request(stream, number):
                    with self._lock:
                        self.requests.append(seen)
                        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
                    if not step(wired):
                        return

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.ended.release()


def _read_request(stream: BinaryIO, number: int) -> Seen | None:
    words = stream.readline().decode("latin-1").split(" ", 2)
    if len(words) != 3:
        # The end, or no HTTP: somebody may try whether TLS is spoken here.
        return None
    method, target, _ = words
    headers = {}
    while (header := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Seen(method, target, headers, body, number)


@dataclass
class Clock:
    """Time that passes only when somebody waits, and writes down how long."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def trickle(clock: Clock, *, each: float) -> Step:
    """A head, and then a body of drops, with so many seconds of that clock before each; 50 of a thousand."""

    def step(connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(50):
            clock.now += each
            connection.sendall(b"x")
            time.sleep(0.03)
        return False

    return step
