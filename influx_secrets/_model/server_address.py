"""The address of a server, as states store and compare it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def server_address(url: str) -> str:
    """Return scheme, host in lower case, port and path of a valid url, without a slash at the end.

    The port is always there, so that `https://influx.example` and `https://influx.example:443` are one address. User
    info, query and fragment are left out: settings refuse a url that has them, and a state must never hold them.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"
