"""Which proxy the environment names for a server."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from influx_secrets._client.settings import is_loopback


def proxy_for(url: str) -> str | None:
    """Return the url of the proxy for a server; None for none. Loopback has none, as in Go's HTTP clients."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname) or proxy_bypass(parts.netloc) or _is_in_excluded_network(parts.hostname):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme.lower()) or proxies.get("all")
    return proxy and (proxy if "://" in proxy else f"http://{proxy}")


def proxy_address(url: str) -> str | None:
    """Return host and port of the proxy for a server, without its password, for messages."""
    proxy = proxy_for(url)
    return proxy and proxy.rpartition("@")[2].rpartition("//")[2].partition("/")[0]


def _is_in_excluded_network(host: str | None) -> bool:
    """Whether NO_PROXY names a network, such as 10.0.0.0/8, that the address is in."""
    for item in getproxies().get("no", "").split(","):
        try:
            if ipaddress.ip_address(host or "") in ipaddress.ip_network(item.strip(), strict=False):
                return True
        except ValueError:
            continue  # a host name, of which there are many
    return False
