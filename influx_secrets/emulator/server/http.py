"""Serves the API on a socket: aiohttp, in a thread of its own."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from http import HTTPStatus
from weakref import WeakSet

try:
    from aiohttp import web
    from aiohttp.http import HttpProcessingError
except ModuleNotFoundError as missing:
    if missing.name != "aiohttp":
        raise
    raise ModuleNotFoundError(
        "the emulator needs aiohttp: pip install 'influx_secrets[emulator]'", name="aiohttp"
    ) from None

from influx_secrets.emulator.api.context import Call
from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.faults import Delivery, delivery
from influx_secrets.emulator.server.service import Service

_MAX_HEADER = (1 << 20) + 4096
"""Go's limit for the request line and all headers together: a long key fits into a path."""

_GZIP_FROM = 1400
"""Smallest result of a query that influxd compresses."""

_logger = logging.getLogger("influx_secrets.emulator")
# Requests that are not HTTP: the client gets an answer, and the log of a test stays short.
_logger.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))


class _Server(web.Server):
    """Counts the connections that it accepts, and keeps them, to end all."""

    accepted = 0

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        super().__init__(
            handler,
            access_log=None,
            logger=_logger,
            auto_decompress=False,
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
        )
        self._transports: WeakSet[asyncio.Transport] = WeakSet()

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        self.accepted += 1
        self._transports.add(transport)
        super().connection_made(handler, transport)

    async def shutdown(self, timeout: float | None = None) -> None:
        self.pre_shutdown()
        await super().shutdown(timeout)
        # A closed transport stays open as long as its client does not read what is left to send.
        for transport in self._transports:
            transport.abort()
        await asyncio.sleep(0)


class HTTPServer:
    """Listens on `host` and `port` (0: a free one) from construction until `stop`.

    Each request is given to the service that `current` returns as it comes in.
    """

    def __init__(self, current: Callable[[], Service], host: str, port: int) -> None:
        self._current = current
        self._server: _Server | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stopped: asyncio.Event
        started: Future[int] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(host, port, started)),
            name="influx_secrets emulator",
            daemon=True,
        )
        self._thread.start()
        try:
            self.port = started.result()
        except BaseException:
            self._thread.join()
            raise

    @property
    def connections(self) -> int:
        """Number of TCP connections accepted so far."""
        return self._server.accepted if self._server else 0

    def stop(self) -> None:
        """Close the socket and all connections, and wait until that is done."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    async def _serve(self, host: str, port: int, started: Future[int]) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._server = _Server(self._handle)
        try:
            listener = await self._loop.create_server(self._server, host, port)
        except (OSError, OverflowError) as problem:
            started.set_exception(problem)
            return
        started.set_result(listener.sockets[0].getsockname()[1])
        await self._stopped.wait()
        # Python 3.11 leaves a connection open whose listener is closed while it is accepted, and aiohttp 3.14.5 waits
        # in vain for one that has no reader yet: both are there after three turns of the loop.
        with suppress(NotImplementedError):  # on Windows, whose loop accepts in another way
            for one in listener.sockets:
                self._loop.remove_reader(one)
        for _ in range(3):
            await asyncio.sleep(0)
        listener.close()
        await self._server.shutdown(1.0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        service = self._current()
        # Go takes the first of two headers with the same name.
        headers = {name.lower(): value for name, value in reversed(tuple(request.headers.items()))}
        expected = headers.get("expect", "").lower()
        transport = request.transport
        if transport is None or expected not in {"", "100-continue"}:
            return web.Response(status=HTTPStatus.EXPECTATION_FAILED)
        if expected:
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        target = request.raw_path.encode("utf-8", "surrogateescape")
        try:
            call = Call(request.method, target, headers, await request.content.read())
        except ConnectionError:
            return web.Response()  # the client is gone
        fault = service.due(call)
        sent = delivery(fault)
        await asyncio.sleep(sent.wait)
        answer = await asyncio.to_thread(service.answer, call, fault)
        await asyncio.sleep(sent.hold)
        if sent.is_raw:
            await _send_raw(transport, answer, sent)
            return web.Response()
        return _response(answer, headers.get("accept-encoding", ""))


def _response(answer: Answer, encodings: str) -> web.Response:
    response = web.Response(status=answer.status, headers=answer.headers, body=answer.body or None)
    # A real server does not name itself; here it helps to see which server answered.
    response.headers["Server"] = "influx_secrets-emulator"
    if "Vary" in answer.headers and len(answer.body) >= _GZIP_FROM and "gzip" in encodings:
        response.body = gzip.compress(answer.body, 6)
        response.headers["Content-Encoding"] = "gzip"
    return response


async def _send_raw(transport: asyncio.Transport, answer: Answer, sent: Delivery) -> None:
    """Send an answer as the fault wants it, and end the connection."""
    if sent.resets:
        # With a linger time of zero, close() sends a reset.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        return
    head, body = _head(answer), answer.body
    if sent.cuts:
        # A client would take a head that ends after a complete line for a whole one.
        head, body = (head, body[: len(body) // 2]) if body else (head[:6], b"")
    whole = head + body
    for piece in [whole[at : at + 1] for at in range(len(whole))] if sent.pause else [whole]:
        if transport.is_closing():
            return
        transport.write(piece)
        await asyncio.sleep(sent.pause)
    transport.close()


def _head(answer: Answer) -> bytes:
    headers = {**answer.headers, "Connection": "close"}
    if answer.status != HTTPStatus.NO_CONTENT:
        headers["Content-Length"] = str(len(answer.body))
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}", *(f"{n}: {v}" for n, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
