"""A proxy that keeps whole requests and answers, and lets a test act between a client and its server."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxies import _HOP_BY_HOP, CountingProxy, Exchange, _Handler

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Passed(Exchange):
    """A request that passed, with both bodies."""

    body: bytes = field(repr=False)
    answer: bytes = field(repr=False)


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


class InterceptingProxy(CountingProxy):
    """Forwards every request to `target`, a url; what passes is in `passed` as well.

    A test sets `before`, `after` and `answered` when it likes; they are called in the threads of the connections.

    Attributes:
        before: Called with method and path before a request is forwarded; may sleep, or answer in the server's place.
        after: Called with what passed before the client gets the answer; when it returns True the client gets none.
        answered: Called with what passed once the client was sent the answer.
    """

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.passed: list[Passed] = []
        self.before: Callable[[str, str], Instead | HangUp | None] = lambda *_: None
        self.after: Callable[[Passed], bool] = lambda _: False
        self.answered: Callable[[Passed], None] = lambda _: None
        proxy = self

        class Handler(_Handler):
            def _forward(self) -> None:
                _forward(proxy, self)

        self._server.RequestHandlerClass = Handler

    def __enter__(self) -> InterceptingProxy:
        super().__enter__()
        return self

    def clear(self) -> None:
        """Forget what passed so far."""
        super().clear()
        self.passed.clear()

    @property
    def traffic(self) -> dict[str, bytes]:
        """All that passed so far, by what it was part of."""
        numbered = enumerate(self.passed)
        return {
            f"{number} {one.method} {one.path} {part}": content
            for number, one in numbered
            for part, content in (("path", one.path.encode()), ("body", one.body), ("answer", one.answer))
        }


def _forward(proxy: InterceptingProxy, handler: _Handler) -> None:
    body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    instead = proxy.before(handler.command, handler.path)
    if isinstance(instead, HangUp):
        handler.close_connection = True
        return
    if instead is not None:
        content = json.dumps({"code": instead.code, "message": instead.message}).encode()
        status, headers = instead.status, [("Content-Type", "application/json; charset=utf-8"), *instead.headers]
    else:
        try:
            status, headers, content = _ask(handler, body)
        except (OSError, http.client.HTTPException):  # the server is gone: so is this connection
            handler.close_connection = True
            return
    passed = Passed(handler.command, handler.path, status, body, content, size=len(body))
    proxy.passed.append(passed)
    handler.server.exchanges.append(passed)
    if proxy.after(passed):
        handler.close_connection = True
        return
    handler.send_response_only(status)
    for name, value in headers:
        handler.send_header(name, value)
    if status != http.client.NO_CONTENT:
        handler.send_header("Content-Length", str(len(content)))
    try:
        handler.end_headers()
        handler.wfile.write(content)
    except OSError:  # the client is gone
        handler.close_connection = True
    proxy.answered(passed)


def _ask(handler: _Handler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    target = handler._target
    target.putrequest(handler.command, handler.path, skip_accept_encoding=True)
    for name, value in handler.headers.items():
        if name.lower() not in {*_HOP_BY_HOP, "accept-encoding"}:  # bodies are kept as they read
            target.putheader(name, value)
    target.putheader("Content-Length", str(len(body)))
    target.endheaders(body)
    with target.getresponse() as answer:
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
        return answer.status, kept, answer.read()
