"""A proxy that records requests and answers, and lets a test act between a client and its server."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from loopback_server import LoopbackServer

# Bodies are recorded as they read, so no answer is to be compressed.
_NOT_FORWARDED = {"accept-encoding", "connection", "content-length", "host", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that passed, and its answer.

    Attributes:
        path: Path and query as they were sent.
        status: Status of the answer.
    """

    method: str
    path: str
    status: int
    body: bytes = field(default=b"", repr=False, compare=False)
    answer: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Instead:
    """An answer in the server's place, in the form of its errors."""

    status: int
    code: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HangUp:
    """No answer, and no request to the server either."""


class InterceptingProxy(LoopbackServer):
    """Forwards every request to `target`, a url, and records it.

    A test sets `before`, `after` and `answered` when it likes; they are called in the threads of the connections.

    Attributes:
        exchanges: What passed so far, in the order of the answers.
        before: Called with method and path before a request is forwarded; may sleep, or answer in the server's place.
        after: Called with what passed before the client gets the answer; when it returns True the client gets none.
        answered: Called with what passed once the client was sent the answer.
    """

    def __init__(self, target: str) -> None:
        super().__init__(_Handler)
        parts = urlsplit(target)
        self.target = (parts.hostname or "", parts.port or 80)
        self.exchanges: list[Exchange] = []
        self.reset_hooks()

    def reset_hooks(self) -> None:
        """Forward everything unchanged again."""
        self.before: Callable[[str, str], Instead | HangUp | None] = lambda *_: None
        self.after: Callable[[Exchange], bool] = lambda _: False
        self.answered: Callable[[Exchange], None] = lambda _: None

    @property
    def traffic(self) -> dict[str, bytes]:
        """All that passed so far, by what it was part of."""
        return {
            f"{number} {one.method} {one.path} {part}": content
            for number, one in enumerate(self.exchanges)
            for part, content in (("path", one.path.encode()), ("body", one.body), ("answer", one.answer))
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: InterceptingProxy

    def setup(self) -> None:
        super().setup()
        self._target = http.client.HTTPConnection(*self.server.target)

    def finish(self) -> None:
        self._target.close()
        super().finish()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (a method for any verb)
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        instead = self.server.before(self.command, self.path)
        closes, self.close_connection = self.close_connection, True  # unless all goes well
        if isinstance(instead, HangUp):
            return
        if instead is not None:
            content = json.dumps({"code": instead.code, "message": instead.message}).encode()
            status, headers = instead.status, [("Content-Type", "application/json; charset=utf-8"), *instead.headers]
        else:
            try:
                status, headers, content = self._forward(body)
            except (OSError, http.client.HTTPException):  # the server is gone
                return
        exchange = Exchange(self.command, self.path, status, body, content)
        self.server.exchanges.append(exchange)
        if self.server.after(exchange):
            return
        try:
            self._answer(status, headers, content)
            self.close_connection = closes
        except OSError:  # the client is gone
            pass
        self.server.answered(exchange)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        self._target.putrequest(self.command, self.path, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _NOT_FORWARDED:
                self._target.putheader(name, value)
        self._target.putheader("Content-Length", str(len(body)))
        self._target.endheaders(body)
        with self._target.getresponse() as answer:
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _NOT_FORWARDED]
            return answer.status, kept, answer.read()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != http.client.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Print nothing: the exchanges are the log."""
