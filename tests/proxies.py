"""Stands between a client and a server and writes down what passes: how requests to a real influxd are counted."""

from __future__ import annotations

import http.client
import socket
import sys
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that passed and the status of its answer.

    Attributes:
        method: HTTP method.
        path: Path and query as they were sent.
        status: Status of the answer.
        size: Bytes of the request's body.
    """

    method: str
    path: str
    status: int
    size: int = field(default=0, kw_only=True, compare=False)


class CountingProxy:
    """Forwards every request to `target`, a url, and remembers it in `exchanges`.

    Nothing is changed. What is asked below the path `refused` does not pass: the proxy answers 405 itself.
    """

    def __init__(self, target: str, refused: str | None = None) -> None:
        parts = urlsplit(target)
        self._server = _Server((parts.hostname or "", parts.port or 80), refused)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> CountingProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What passed so far, in the order of the answers."""
        return tuple(self._server.exchanges)

    @property
    def connections(self) -> int:
        """Number of TCP connections accepted so far."""
        return self._server.accepted

    def clear(self) -> None:
        """Forget what passed so far."""
        self._server.exchanges.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for the threads, and no socket outlives the test

    def __init__(self, target: tuple[str, int], refused: str | None) -> None:
        self.target = target
        self.refused = refused
        self.exchanges: list[Exchange] = []
        self.accepted = 0
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as the base class has it
        self.accepted += 1
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401  # as the base class has it
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as the base class has it
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that was killed is no news
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Wake the threads that wait for another request on an idle connection."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed a moment ago
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._target = http.client.HTTPConnection(*self.server.target)

    def finish(self) -> None:
        self._target.close()
        super().finish()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # a method for any verb
        if name.startswith("do_"):
            return self._forward
        raise AttributeError(name)

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.refused is not None and self.path.startswith(self.server.refused):
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)
            return
        self._target.putrequest(self.command, self.path, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self._target.putheader(name, value)
        self._target.putheader("Content-Length", str(len(body)))
        self._target.endheaders(body)
        with self._target.getresponse() as answer:
            content = answer.read()
        self.server.exchanges.append(Exchange(self.command, self.path, answer.status, size=len(body)))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if answer.status != http.client.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing: the exchanges are the log."""
