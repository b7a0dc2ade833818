"""`Request` and `Response`: one call of the API, and its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the API. It may be sent again as it is, because every call of this package is idempotent.

    Attributes:
        path: Below the server's url, percent-encoded, without the query.
        intent: Completes "cannot ..." in messages: what is attempted, on which org and key.
        query: Names and values, not yet encoded.
        accept: Media type of the expected response.
        expects: The only status that is success: a proxy's 200 is not a 204 of the API.
        needs: Permission without which the server responds with 401, for messages.
        advice: HTTP status to what to do, where this call knows better than the general text.
        sensitive: Strings in the body that no message may repeat.
    """

    method: str
    path: str
    intent: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    accept: str = "application/json"
    expects: int = 200
    needs: str | None = None
    advice: Mapping[int, str] = field(default_factory=dict, repr=False, hash=False)
    sensitive: tuple[str, ...] = field(default=(), repr=False)
    authenticated: bool = True


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response: status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str | None:
        """Media type without its parameters; None if the response has none."""
        return self.headers.get("content-type", "").partition(";")[0].strip() or None

    def json(self) -> object:
        """Parse the body as JSON. Return None for `null` and for invalid JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def fields(self) -> dict[str, Any]:
        """The members of the JSON object that the body is; none of any other body."""
        body = self.json()
        return body if isinstance(body, dict) else {}
