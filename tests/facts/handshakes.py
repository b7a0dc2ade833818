"""TLS handshakes, counted."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

_MOST_BYTES = 65_536


def count_flights(url: str, context: ssl.SSLContext) -> int:
    """Return how many times a client has to wait for the server before the handshake is done.

    Raises:
        ssl.SSLError: The handshake failed.
    """
    address = urlsplit(url)
    host, port = str(address.hostname), int(address.port or 443)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=host)
    flights = 0
    with socket.create_connection((host, port), timeout=30) as connection:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                greeting = outgoing.read()
                connection.sendall(greeting)
                flights += bool(greeting)  # none, where the answer has not come as a whole
                incoming.write(connection.recv(_MOST_BYTES))
            else:
                connection.sendall(outgoing.read())
                return flights
