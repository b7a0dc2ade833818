"""A request as data, before it is addressed to a server, and as the bytes that go over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ORG = b"{org}"
OTHER = b"{other}"
"""Stand in a target for the ids of the two orgs, which differ from server to server."""

NOBODY = "nobody"
TOKENS: dict[str, tuple[str, tuple[bool, bool, bool]]] = {
    "all": ("org", (True, True, True)),
    "no org": ("org", (False, True, True)),
    "no read": ("org", (True, False, True)),
    "no write": ("org", (True, True, False)),
    "org only": ("org", (True, False, False)),
    "none": ("org", (False, False, False)),
    "other": ("other", (True, True, True)),
    "other, no org": ("other", (False, True, True)),
}
"""Which org a token is for; whether it may read that org, read its secrets, write its secrets."""


@dataclass(frozen=True, slots=True)
class Random:
    """A request before it is addressed.

    Attributes:
        token: a name of TOKENS, "operator", "revoked", or NOBODY for no header.
        kind: what the target was made as, for reports: secrets, delete, query, orgs, other.
        understood: whether it holds a script that the emulator must run.
        proper: whether it is HTTP as a correct client sends it.
        headers: besides Host, Connection, Authorization and the framing of the body.
        framing: how the body is announced: length, chunked, short, none.
    """

    method: str
    target: bytes
    token: str = "operator"
    body: bytes | None = None
    kind: str = "other"
    understood: bool = False
    proper: bool = True
    headers: tuple[tuple[bytes, bytes], ...] = ()
    framing: str = "length"
    version: str = "HTTP/1.1"
    scheme: str = "Token"

    @property
    def hangs_up(self) -> bool:
        """Whether the client goes away within the body; a server waits for chunks that are announced and never come."""
        unsent = (b"Transfer-Encoding", b"chunked") in self.headers and self.framing != "chunked"
        return (self.framing == "short" or unsent) and self.body is not None

    def wire(self, ids: Mapping[bytes, str], token: str | None) -> bytes:
        """Return the bytes for one server."""
        target = self.target
        for name, org_id in ids.items():
            target = target.replace(name, org_id.encode()).replace(name.upper(), org_id.upper().encode())
        lines = [
            b"%s %s %s" % (self.method.encode(), target, self.version.encode()),
            b"Host: test",
            b"Connection: close",
        ]
        if token is not None:
            lines.append(f"Authorization: {self.scheme} {token}".encode())
        lines += [b"%s: %s" % header for header in self.headers]
        framing, content = self._framed()
        return b"\r\n".join([*lines, *framing, b"", content])

    def _framed(self) -> tuple[list[bytes], bytes]:
        if self.body is None or self.framing == "none":
            return [], b""
        if self.framing == "chunked":
            half = len(self.body) // 2
            pieces = [piece for piece in (self.body[:half], self.body[half:]) if piece]
            chunks = b"".join(b"%x;note=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
            return [b"Transfer-Encoding: chunked"], chunks + b"0\r\nTrailer: x\r\n\r\n"
        missing = 3 if self.framing == "short" else 0
        return [b"Content-Length: %d" % (len(self.body) + missing)], self.body
