"""Reads paths and queries as influxd does.

The path decides whether DELETE removes the key that the client meant.

Go keeps the encoded path (`URL.RawPath`) only where it is not what Go itself would write for the decoded one. influxd's
router (chi) then takes the encoded path and hands out its parts undecoded, and the decoded path otherwise. So
`%D0%BA` is decoded and `%d0%ba` is not; `a%20b` is, and `a%2Cb` is not, because Go would have left the comma alone;
and one such character keeps the whole path encoded.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

_PLAIN: Final = "$&+,/:;=@"
"""What Go leaves alone in a path, besides letters, digits and `-_.~` (`url.shouldEscape` with `encodePath`)."""

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(rb"[\x00-\x20\x7f]")


def route_paths(raw: bytes) -> tuple[str, str] | None:
    """Return the path that influxd routes on, and the decoded one; None where Go refuses the path.

    Bytes that are not UTF-8 stay recognizable (as surrogates), so that they equal no stored key.
    """
    if _BAD_ESCAPE.search(raw) or _CONTROL.search(raw):
        return None
    decoded = unquote_to_bytes(raw)
    routed = decoded if quote_from_bytes(decoded, safe=_PLAIN).encode() == raw else raw
    return _text(routed), _text(decoded)


def arguments(query: bytes) -> dict[str, list[str]]:
    """Return the arguments of a query; as in Go, those with a semicolon or a bad escape are left out."""
    found: dict[str, list[str]] = {}
    for pair in query.split(b"&"):
        if pair and b";" not in pair and not _BAD_ESCAPE.search(pair):
            name, _, value = (_text(unquote_to_bytes(part.replace(b"+", b" "))) for part in pair.partition(b"="))
            found.setdefault(name, []).append(value)
    return found


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
