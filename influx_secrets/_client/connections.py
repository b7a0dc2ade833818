"""Connections to one server: proxy, TLS, and a deadline for reading."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import time
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import urldefragauth

from influx_secrets._client.head_start import HeadStart
from influx_secrets._client.proxies import proxy_for
from influx_secrets._client.settings import Settings
from influx_secrets._client.tls import make_context
from influx_secrets._errors import SettingsError

POOL_SIZE: Final = 64
"""A provider process serves so many calls of the engine at a time."""

_PROXY_PROBLEM: Final = "cannot use the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY"


class PoolAdapter(HTTPAdapter):
    """Sends prepared requests over one pool, which has chosen proxy and certificates already.

    Left to itself, requests 2.32 trusts certifi's list alone, sends loopback through a proxy, and adds a password that
    it finds in `~/.netrc`.
    """

    def __init__(self, pool: urllib3.PoolManager) -> None:
        super().__init__()
        self._pool = pool

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:  # noqa: ANN401 (requests' signature)
        return self._pool.connection_from_url(cast("str", request.url))

    def cert_verify(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 (requests' signature)
        """Leave the TLS context as it is: requests would load certifi's list into it."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:  # noqa: ANN401 (requests' signature)
        """Return what stands in the request's first line: the whole url for a proxy that passes on plain http."""
        del proxies
        url = cast("str", request.url)
        if isinstance(self._pool, urllib3.ProxyManager) and url.startswith("http:"):
            return cast("str", urldefragauth(url))
        return request.path_url

    def close(self) -> None:
        self._pool.clear()


def make_pool(settings: Settings, head_start: HeadStart | None = None) -> urllib3.PoolManager:
    """Return a pool of connections to the server, through the proxy that the environment names.

    The first connection is the one that was made ahead, if it is ready.

    Raises:
        SettingsError: The CA file, or a bundle or proxy that the environment names, cannot be used.
    """
    proxy = proxy_for(settings.url)
    needs_tls = settings.ca_file is not None or any(url.startswith("https:") for url in (settings.url, proxy or ""))
    context = (head_start and head_start.context) or (make_context(settings) if needs_tls else None)
    options: dict[str, Any] = {"maxsize": POOL_SIZE, "block": True, "ssl_context": context}
    manager = urllib3.PoolManager(**options) if proxy is None else _proxy_manager(proxy, context, options)
    manager.pool_classes_by_scheme = {
        scheme: _with_deadline(pool, head_start) for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager


def _proxy_manager(proxy: str, context: ssl.SSLContext | None, options: dict[str, Any]) -> urllib3.PoolManager:
    if proxy.startswith("socks") and find_spec("socks") is None:
        raise SettingsError(f"{_PROXY_PROBLEM}: PySocks is missing. Run `pip install PySocks` for the program (IS228)")
    with contextlib.suppress(ValueError):
        parts = urlsplit(proxy)
        if parts.hostname and parts.scheme.startswith("socks"):
            manager: urllib3.PoolManager = import_module("urllib3.contrib.socks").SOCKSProxyManager(proxy, **options)
            return manager
        if parts.hostname:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
            headers = urllib3.make_headers(proxy_basic_auth=login)
            return urllib3.ProxyManager(proxy, proxy_headers=headers, proxy_ssl_context=context, **options)
    # The library's own error may contain the password.
    raise SettingsError(f"{_PROXY_PROBLEM}: the value must be a url such as http://proxy.example.com:3128 (IS228)")


def _with_deadline(
    pool: type[urllib3.HTTPConnectionPool], head_start: HeadStart | None
) -> type[urllib3.HTTPConnectionPool]:
    connection = type("DeadlineConnection", (_DeadlineConnection, pool.ConnectionCls), {"head_start": head_start})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class _DeadlineReader(io.RawIOBase):
    """A socket reader with a deadline, which `restart` sets; urllib3's time limit starts again with each byte."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock, self._raw = sock, raw
        self._limit = cast("float", sock.gettimeout())  # every request has a time limit
        self.restart()

    def restart(self) -> None:
        self._deadline = time.monotonic() + self._limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 (any buffer, as typeshed's name for it came with 3.12)
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """Reads its head, and then each piece of its body, within the socket's time limit."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (http.client's signature)
        super().__init__(sock, *args, **kwargs)
        self._reader = _DeadlineReader(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._reader)

    def read1(self, n: int = -1) -> bytes:
        """Return what has arrived, at most `n` bytes; sizes of chunks and trailers are read on the way."""
        self._reader.restart()
        return super().read1(n)


class _DeadlineConnection:
    response_class = _DeadlineResponse
    head_start: HeadStart | None

    def connect(self) -> None:
        self.sock = self.head_start and self.head_start.take()
        if self.sock is None:
            cast("Any", super()).connect()

    # Always: urllib3 would warn of each request without verification, where the transport warned once.
    is_verified = property(lambda _: True, lambda *_: None)
