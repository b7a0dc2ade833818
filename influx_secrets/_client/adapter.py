"""Connections to a server: authentication, read deadline."""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any, Final, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter

from influx_secrets._client.retry import TOTAL_SECONDS

POOL_SIZE: Final = 4
"""The engine runs at most four calls of a provider process at once."""


class Adapter(HTTPAdapter):
    """Keeps connections, signs requests, and bounds what is waited for an answer.

    A request is signed at the last moment, below everything that logs or keeps requests. The time limit of a read holds
    for the head of an answer as a whole, and again for each piece of its body; urllib3's begins anew with each byte.

    Args:
        token: The API token. `None`: requests go out unsigned.
    """

    def __init__(self, token: str | None) -> None:
        self._token = token
        super().__init__(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE, pool_block=True)

    def add_headers(self, request: requests.PreparedRequest, **_: Any) -> None:  # noqa: ANN401 (requests' signature)
        """Sign the request."""
        if self._token is not None:
            request.headers["Authorization"] = f"Token {self._token}"

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> urllib3.HTTPConnectionPool:  # noqa: ANN401 (requests' signature)
        """Return the pool for a request: of the server, or of a proxy of any kind."""
        pool = cast("urllib3.HTTPConnectionPool", super().get_connection_with_tls_context(*args, **kwargs))
        if not issubclass(pool.ConnectionCls, _Timed):
            pool.ConnectionCls = cast("Any", type("TimedConnection", (_Timed, pool.ConnectionCls), {}))
        return pool


class _TimedReads(io.RawIOBase):
    """What comes over a socket, until its time limit has passed since the last `restart`, however it trickles.

    In all it comes no longer than a request may last: what unpacks an answer may read piece after piece in vain.
    """

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock, self._raw = sock, raw
        # No request goes out without a time limit.
        self._limit = cast("float", sock.gettimeout())
        self._end = time.monotonic() + TOTAL_SECONDS
        self.restart()

    def restart(self) -> None:
        self._deadline = time.monotonic() + self._limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 (any buffer, as typeshed's name for it came with 3.12)
        left = min(self._deadline, self._end) - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """Reads its head, and then each piece of its body, within the socket's time limit."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (http.client's signature)
        super().__init__(sock, *args, **kwargs)
        self._reads = _TimedReads(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._reads)

    def read1(self, n: int = -1) -> bytes:
        """Return what has come, at most `n` bytes; the sizes of chunks and the trailers are read on the way."""
        self._reads.restart()
        return super().read1(n)


class _Timed:
    response_class = _TimedResponse
