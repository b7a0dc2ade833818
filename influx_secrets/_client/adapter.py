"""The adapter of requests: prepared requests over our own pool of connections."""

from __future__ import annotations

from typing import Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import urldefragauth


class PoolAdapter(HTTPAdapter):
    """Sends prepared requests over one pool, which has chosen proxy and certificates already.

    Left to itself, requests 2.32 trusts certifi's list alone, sends loopback through a proxy, and adds a password that
    it finds in `~/.netrc`.
    """

    def __init__(self, pool: urllib3.PoolManager) -> None:
        super().__init__()
        self._pool = pool

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:  # noqa: ANN401 (requests' signature)
        """Return the pool of connections for a request."""
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
        """Close the connections. A later request opens new ones."""
        self._pool.clear()
