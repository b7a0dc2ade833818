"""How Go reads what travels: JSON bodies with the leniencies of `encoding/json`, paths and queries.

The path decides whether DELETE removes the key that the client meant.

Go keeps the encoded path (`URL.RawPath`) only where it is not what Go itself would write for the decoded one. influxd's
router (chi) then takes the encoded path and hands out its parts undecoded, and the decoded path otherwise. So
`%D0%BA` is decoded and `%d0%ba` is not; `a%20b` is, and `a%2Cb` is not, because Go would have left the comma alone;
and one such character keeps the whole path encoded.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final, NoReturn, TypeAlias
from urllib.parse import quote_from_bytes, unquote_to_bytes

_PLAIN: Final = "$&+,/:;=@"
"""What Go leaves alone in a path, besides letters, digits and `-_.~` (`url.shouldEscape` with `encodePath`)."""

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(rb"[\x00-\x20\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")

Members: TypeAlias = "tuple[tuple[str, Value], ...]"
"""A JSON object: a name may come twice, and Go looks at each."""

Value: TypeAlias = "Members | list[Value] | str | bool | float | None"


class JSONError(ValueError):
    """A body that is not JSON, or not of the shape that is asked for; Go would say where and why."""

    def __init__(self) -> None:
        super().__init__("the body is not the JSON that this call takes")


def members(body: bytes) -> Members:
    """Return the members of the object that a body begins with; `null` counts as one without any.

    As influxd 2.9.1, it ignores what follows the first value, and reads U+FFFD for each byte that is not UTF-8 and each
    half of a surrogate pair.
    """
    text = _SURROGATE.sub("\ufffd", body.decode("utf-8", "surrogateescape"))
    try:
        value, _ = _DECODER.raw_decode(text.lstrip(" \t\r\n"))
    except (ValueError, RecursionError):
        raise JSONError from None
    return as_members(value)


def as_members(value: Value) -> Members:
    """Return the members of an object."""
    if not isinstance(value, tuple | None):
        raise JSONError
    return value or ()


def as_string(value: Value) -> str:
    """Return a string; `null` is an empty one."""
    if not isinstance(value, str | None):
        raise JSONError
    return _SURROGATE.sub("\ufffd", value or "")


def as_strings(value: Value) -> list[str]:
    """Return a list of strings; `null` is an empty one."""
    if not isinstance(value, list | None):
        raise JSONError
    return [as_string(item) for item in value or ()]


def _members(pairs: list[tuple[str, Value]]) -> Members:
    return tuple((_SURROGATE.sub("\ufffd", name), value) for name, value in pairs)


def _number(_: str) -> float:
    return math.nan  # no call takes a number, whatever its size


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's own additions to JSON


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_int=_number, parse_float=_number, parse_constant=_refuse)


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
