"""Every answer of influxd 2.9.1, in one place.

The server has two styles of JSON: its newer handlers indent with tabs, its older ones (authentication, queries, tasks)
write compact JSON. Both escape `<`, `>` and `&`, as Go's `encoding/json` does.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

from influx_secrets.emulator.store import timestamp

VERSION = "v2.9.1"
"""The influxd whose answers were compared with these (tests/conformance)."""

ORG_NOT_FOUND = "organization not found"

_SURROGATE = re.compile("[\ud800-\udfff]")
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
_STATUS = {
    "invalid": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not found": 404,
    "method not allowed": 405,
    "conflict": 409,
    "request too large": 413,
    "unsupported media type": 415,
    "unprocessable entity": 422,
    "too many requests": 429,
    "not implemented": 501,
    "unavailable": 503,
}
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; length and date are added where it is sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def encode(value: object, indent: str | None = None) -> bytes:
    """Return `value` as Go would marshal it; the characters replaced can only stand inside of strings.

    Bytes that are not UTF-8 arrive as surrogates; Go writes the escape of U+FFFD for each.
    """
    separators = (",", ": " if indent else ":")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return _SURROGATE.sub(r"\\ufffd", text).encode()


def built(answer: Answer) -> Answer:
    """Return `answer` with the headers that influxd puts on every answer of its own."""
    return replace(answer, headers={**answer.headers, "X-Influxdb-Build": "OSS", "X-Influxdb-Version": VERSION})


def ok(value: object) -> Answer:
    """200 with indented JSON."""
    return Answer(200, encode(value, "\t"), _JSON)


def compact(value: object) -> Answer:
    """200 with compact JSON."""
    return Answer(200, encode(value) + b"\n", _JSON)


def no_content() -> Answer:
    """204: the whole answer of every write."""
    return Answer(204)


def error(code: str, message: str, indent: str | None = "\t") -> Answer:
    """An error of the newer handlers (orgs, secrets)."""
    return _error(_STATUS[code], code, message, indent)


def compact_error(code: str, message: str) -> Answer:
    """An error of the older handlers."""
    return error(code, message, None)


def fault(status: int, message: str) -> Answer:
    """An error that a test wants."""
    codes = {known: code for code, known in _STATUS.items()}
    code = codes.get(status, "internal error" if status >= _SERVER_ERROR else "invalid")
    return built(_error(status, code, message, "\t"))


def _error(status: int, code: str, message: str, indent: str | None) -> Answer:
    body = encode({"code": code, "message": message}, indent)
    return Answer(status, body, {**_JSON, "X-Platform-Error-Code": code})


def unauthenticated() -> Answer:
    """No token, an unknown one, or a header of another scheme."""
    return compact_error("unauthorized", "unauthorized access")


def method_not_allowed() -> Answer:
    """The router's own 405: no body at all."""
    return Answer(405)


def page_not_found() -> Answer:
    """The router's own 404, below `/api/v2/orgs`: plain text."""
    return Answer(404, b"404 page not found\n", _TEXT)


def bad_request() -> Answer:
    """The answer of Go's HTTP server to a path that it cannot parse; influxd never sees the request."""
    return Answer(400, b"400 Bad Request", {"Content-Type": _TEXT["Content-Type"], "Connection": "close"})


def no_assets() -> Answer:
    """Paths outside the API belong to the web UI, which neither the emulator nor a plain build of influxd contains."""
    headers = {"Cache-Control": "public, max-age=3600", **_TEXT}
    return Answer(404, b"no assets included in binary\n", headers)


def health() -> Answer:
    """The answer of `/health`, to any method; spaced as the server spaces it."""
    head = '{"name":"influxdb", "message":"ready for queries and writes", "status":"pass", "checks":[], '
    return Answer(200, f'{head}"version": "{VERSION}", "commit": "none"}}\n'.encode(), _JSON)


def ready(started: datetime) -> Answer:
    """The answer of `/ready`, to any method."""
    up = datetime.now(timezone.utc) - started
    shown = {"status": "ready", "started": timestamp(started), "up": f"{up.total_seconds()}s"}
    return Answer(200, encode(shown, "    ") + b"\n", _JSON)


def ping(method: str) -> Answer:
    """The answer of `/ping`."""
    headers = {"Vary": "Accept-Encoding"}
    if method in {"GET", "HEAD"}:
        return Answer(204, headers=headers)
    headers["Allow"] = "GET, HEAD, OPTIONS"
    if method == "OPTIONS":
        return Answer(200, headers=headers)
    return Answer(405, b"Method Not Allowed\n", {**headers, **_TEXT})


def csv(body: bytes) -> Answer:
    """The result of a query."""
    return Answer(200, body, {"Content-Type": "text/csv; charset=utf-8"})


def org_name_not_found(name: str) -> str:
    """Return the message for a name that no org has."""
    return f'organization name "{name}" not found'


def not_emulated(method: str, path: str) -> Answer:
    """The answer to what only a real server does; no influxd gives it."""
    return error("not implemented", f"the influx_secrets emulator does not serve {method} {path}")
