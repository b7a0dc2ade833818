"""What a handler knows about a request: what was sent, who sent it, and where to note what it touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from influx_secrets.emulator.store import Grant, Store

METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
"""Those that influxd's router knows; any other is a 405 wherever it goes."""

_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came: `target` is path and query, undecoded; header names are in lower case."""

    method: str
    target: bytes
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Trace:
    """What a request turned out to be about, for the record: the org's id, the keys, whether they were written."""

    org_id: str = ""
    keys: tuple[str, ...] = ()
    wrote: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """An authenticated request. `path` is the one that the router sees, `decoded` the one that older handlers see."""

    call: Call
    store: Store
    grant: Grant
    trace: Trace
    path: str
    decoded: str
    arguments: Mapping[str, list[str]]

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.call.method

    def argument(self, name: str) -> str:
        """Return the first value of a query argument; empty where there is none."""
        return self.arguments.get(name, [""])[0]


class InvalidIDError(ValueError):
    """Not an id; the text is the server's."""


def parse_id(text: str) -> str:
    """Return an id as the server writes it, in lower case.

    Raises:
        InvalidIDError: wrong length, other characters than hexadecimal digits, or all zeros.
    """
    if len(text.encode("utf-8", "surrogateescape")) != _ID_LENGTH:
        raise InvalidIDError("id must have a length of 16 bytes")
    if not text.isascii() or not text.isalnum():
        raise InvalidIDError("invalid ID")
    try:
        number = int(text, 16)
    except ValueError:
        raise InvalidIDError("invalid ID") from None
    if not number:
        raise InvalidIDError("invalid ID")
    return text.lower()
