"""What a handler knows of a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from influx_secrets.emulator.api.responses import Version
from influx_secrets.emulator.store import Grant, Store

METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
"""The methods that influxd's router knows; any other is a 405, whatever the path."""

_ID_LENGTH = 16
_ID = re.compile(rf"(?!0+$)[0-9A-Fa-f]{{{_ID_LENGTH}}}")
_NUMBER = re.compile("[+-]?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it was sent: `target` is path and query, undecoded; header names are in lower case."""

    method: str
    target: bytes
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Trace:
    """What a request was about, for the log: the org's id, the keys, whether they were written."""

    org_id: str = ""
    keys: list[str] = field(default_factory=list)
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
    version: Version

    def argument(self, name: str) -> str:
        """Return the first value of a query argument, or an empty string."""
        return self.arguments.get(name, [""])[0]

    def number(self, name: str, default: int) -> int:
        """Return a number of the query."""
        text = self.argument(name)
        if text and not _NUMBER.fullmatch(text):
            raise ValueError(f"{name} is invalid")
        return int(text or default)

    def limit(self, default: int, most: int) -> int:
        """Return how many items a page has."""
        limit = self.number("limit", default)
        if not 1 <= limit <= most:
            raise ValueError(f"limit must be between 1 and {most}")
        return limit


def parse_id(text: str) -> str:
    """Return an id as the server writes it, in lower case; the text of the ValueError is the server's."""
    if len(text.encode("utf-8", "surrogateescape")) != _ID_LENGTH:
        raise ValueError(f"id must have a length of {_ID_LENGTH} bytes")
    if not _ID.fullmatch(text):
        raise ValueError("invalid ID")
    return text.lower()
