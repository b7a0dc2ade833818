"""A connection that is made while Python imports the HTTP libraries."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from concurrent.futures import Future, TimeoutError  # noqa: A004 (another one in Python 3.10)
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from influx_secrets._client.proxies import proxy_for
from influx_secrets._client.settings import Settings
from influx_secrets._client.tls import make_context

PATIENCE_SECONDS: Final = 2.0
"""How long the first request waits for a connection that is still being made, before it makes its own."""

FRESH_SECONDS: Final = 2.0
"""A connection that was idle for longer is not used: influxd closes one without a request after 10 s (2.9.1)."""

_PORTS: Final = {"http": 80, "https": 443}


class _Made(NamedTuple):
    connection: socket.socket
    at: float


class HeadStart:
    """Connects to the server of the settings in a thread of its own; sends no request.

    At a round trip of 50 ms the handshake takes as long as a provider process takes to import what it needs, and to
    start its threads. What goes wrong here is left to the first request, which connects again and names the reason.

    Attributes:
        context: The TLS context of the connection, as soon as there is one.
    """

    def __init__(self, settings: Settings) -> None:
        self.context: ssl.SSLContext | None = None
        self._made: Future[_Made | None] = Future()
        self._untaken = threading.Lock()
        try:
            threading.Thread(target=self._make, args=(settings,), daemon=True).start()
        except RuntimeError:  # the machine starts no more
            self._made.set_result(None)

    def take(self) -> socket.socket | None:
        """Return the connection, once; None for later calls, and where there is none that can be used."""
        if not self._untaken.acquire(blocking=False):
            return None
        try:
            made = self._made.result(PATIENCE_SECONDS)
        except TimeoutError:
            self._made.add_done_callback(_close)
            return None
        if made is None or time.monotonic() - made.at <= FRESH_SECONDS:
            return made and made.connection
        _close(self._made)
        return None

    def _make(self, settings: Settings) -> None:
        made = None
        with contextlib.suppress(Exception):  # whatever it is, the first request meets it too
            made = self._connect(settings)
        self._made.set_result(made)

    def _connect(self, settings: Settings) -> _Made | None:
        parts = urlsplit(settings.url)
        host = str(parts.hostname)
        # A name that is not ASCII means other hosts to Python's socket than to requests. A proxy has its own handshake.
        if not host.isascii() or settings.token is None or proxy_for(settings.url) is not None:
            return None
        if parts.scheme == "https":
            self.context = make_context(settings)
        connection = socket.create_connection((host, parts.port or _PORTS[parts.scheme]), settings.timeout)
        # As urllib3 does it: otherwise the body of a request waits until its head was acknowledged.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context is not None:
            self.context.set_alpn_protocols(["http/1.1"])
            connection = self.context.wrap_socket(connection, server_hostname=host.rstrip("."))
        return _Made(connection, time.monotonic())


def _close(made: Future[_Made | None]) -> None:
    if late := made.result():
        late.connection.close()
