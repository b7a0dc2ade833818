"""A request as data, before it is addressed to a server, and as the bytes that go over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ORG = b"{org}"
OTHER = b"{other}"
"""Stand in a target for the ids of the two orgs, which differ from server to server."""

NOBODY = "nobody"
TOKENS: dict[str, tuple[str, tuple[bool, bool, bool, bool]]] = {
    "all": ("org", (True, True, True, True)),
    "no org": ("org", (False, True, True, True)),
    "no read": ("org", (True, False, True, True)),
    "no write": ("org", (True, True, False, True)),
    "org only": ("org", (True, False, False, True)),
    "none": ("org", (False, False, False, True)),
    "inactive": ("org", (True, True, True, False)),
    "other": ("other", (True, True, True, True)),
    "other, no org": ("other", (False, True, True, True)),
}
"""Which org a token is for; whether it may read that org, read its secrets, write its secrets; whether it is active."""


@dataclass(frozen=True, slots=True)
class Random:
    """A request before it is addressed.

    Attributes:
        token: A name of TOKENS, "operator", "revoked", or NOBODY for no header.
        understood: Whether it holds a script that the emulator must run.
        headers: Besides Host, Connection, Authorization and the framing of the body.
        is_chunked: Whether the body goes in two chunks, not with its length.
    """

    method: str
    target: bytes
    token: str = "operator"
    body: bytes | None = None
    understood: bool = False
    headers: tuple[tuple[bytes, bytes], ...] = ()
    is_chunked: bool = False
    scheme: str = "Token"

    def wire(self, ids: Mapping[bytes, str], token: str | None) -> bytes:
        """Return the bytes for one server."""
        target = self.target
        for name, org_id in ids.items():
            target = target.replace(name, org_id.encode()).replace(name.upper(), org_id.upper().encode())
        lines = [b"%s %s HTTP/1.1" % (self.method.encode(), target), b"Host: test", b"Connection: close"]
        if token is not None:
            lines.append(f"Authorization: {self.scheme} {token}".encode())
        lines += [b"%s: %s" % header for header in self.headers]
        framing, content = self._framed()
        return b"\r\n".join([*lines, *framing, b"", content])

    def _framed(self) -> tuple[list[bytes], bytes]:
        if self.body is None:
            return [], b""
        if not self.is_chunked:
            return [b"Content-Length: %d" % len(self.body)], self.body
        half = len(self.body) // 2
        pieces = [piece for piece in (self.body[:half], self.body[half:]) if piece]
        chunks = b"".join(b"%x;note=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        return [b"Transfer-Encoding: chunked"], chunks + b"0\r\nTrailer: x\r\n\r\n"
