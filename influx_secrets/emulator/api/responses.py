"""Every answer of influxd, in one place.

The server has two styles of JSON: its newer handlers indent with tabs, its older ones (authentication, queries, tasks)
write compact JSON. Both escape `<`, `>` and `&`, as Go's `encoding/json` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Final

from influx_secrets.emulator.store import timestamp

Version = tuple[int, int, int]

VERSION = "2.9.1"
"""The influxd that the emulator is unless it is told another. All answers were compared with it (tests/conformance)."""

FLUX_HASH = (2, 7)
"""From this version on Flux has `contrib/qxip/hash`, and a key that is too large is a 413."""

CHECKED_HEALTH = (2, 10)
"""From this version on `/health` and `/ready` are other handlers: they have checks, and no paths below them."""

ORG_NOT_FOUND = "organization not found"

_VERSION = re.compile(r"2\.\d{1,4}\.\d{1,4}")
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
    "internal error": 500,
    "not implemented": 501,
    "unavailable": 503,
}
_SERVER_ERROR = 500
_BUILD = "X-Influxdb-Build"
_HEALTHY = "bolt", "influxql", "query", "shards", "sqlite", "task-scheduler"
_FURTHER: Mapping[str, Mapping[str, object]] = {
    "shards": {"failures": {"count": 0, "unit": "shards"}},
    "task-scheduler": {"message": "scheduler idle: no scheduled runs"},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; length and date are added where it is sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


NO_CONTENT: Final = Answer(204)
"""The whole answer of every write."""

METHOD_NOT_ALLOWED: Final = Answer(405)
"""The router's own, without a body."""

PAGE_NOT_FOUND: Final = Answer(404, b"404 page not found\n", _TEXT)
"""The router's own, below `/api/v2/orgs`."""

BAD_REQUEST: Final = Answer(400, b"400 Bad Request", {"Content-Type": _TEXT["Content-Type"], "Connection": "close"})
"""The answer of Go's HTTP server to a path that it cannot parse; influxd never sees the request."""

NO_ASSETS: Final = Answer(404, b"no assets included in binary\n", {"Cache-Control": "public, max-age=3600", **_TEXT})
"""Paths outside the API belong to the web UI, which neither the emulator nor a plain build of influxd contains."""


def parse_version(text: str) -> Version:
    """Return the numbers of a version such as "2.9.1"."""
    if not _VERSION.fullmatch(text):
        raise ValueError(f"no version of InfluxDB OSS v2: {text!r}. Use one such as {VERSION}")
    major, minor, patch = map(int, text.split("."))
    return major, minor, patch


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
    """Return `answer` as one of influxd's own, and not of a proxy."""
    return replace(answer, headers={**answer.headers, _BUILD: "OSS"})


def of_version(answer: Answer, version: Version) -> Answer:
    """Return `answer` with the version in the header that influxd puts on every answer of its own."""
    if _BUILD not in answer.headers:
        return answer
    return replace(answer, headers={**answer.headers, "X-Influxdb-Version": _shown(version)})


def _shown(version: Version) -> str:
    return f"v{'.'.join(map(str, version))}"


def ok(value: object) -> Answer:
    """200 with indented JSON."""
    return Answer(200, encode(value, "\t"), _JSON)


def compact(value: object) -> Answer:
    """200 with compact JSON."""
    return Answer(200, encode(value) + b"\n", _JSON)


def error(code: str, message: str, indent: str | None = "\t", status: int | None = None) -> Answer:
    """An error of the newer handlers (orgs, secrets)."""
    body = encode({"code": code, "message": message}, indent)
    return Answer(status or _STATUS[code], body, {**_JSON, "X-Platform-Error-Code": code})


def compact_error(code: str, message: str) -> Answer:
    """An error of the older handlers."""
    return error(code, message, None)


def fault(status: int, message: str, retry_after: int | str | None) -> Answer:
    """An error that a test wants."""
    codes = {known: code for code, known in _STATUS.items()}
    code = codes.get(status, "internal error" if status >= _SERVER_ERROR else "invalid")
    answer = error(code, message, status=status)
    waits = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return built(replace(answer, headers={**answer.headers, **waits}))


UNAUTHENTICATED: Final = compact_error("unauthorized", "unauthorized access")
"""No token, an unknown one, or a header of another scheme."""


def health(version: Version) -> Answer:
    """The answer of `/health`, to any method; spaced as the server spaces it."""
    if version >= CHECKED_HEALTH:
        checks = [{"name": name, "status": "pass", **_FURTHER.get(name, {})} for name in _HEALTHY]
        shown = {"name": "influxdb", "status": "pass", "message": "healthy", "checks": checks}
        return compact({**shown, "version": _shown(version), "commit": "none"})
    head = '{"name":"influxdb", "message":"ready for queries and writes", "status":"pass", "checks":[], '
    return Answer(200, f'{head}"version": "{_shown(version)}", "commit": "none"}}\n'.encode(), _JSON)


def ready(started: datetime, version: Version) -> Answer:
    """The answer of `/ready`, to any method."""
    up = (datetime.now(timezone.utc) - started).total_seconds()
    shown = {"status": "ready", "started": timestamp(started), "up": f"{up}s"}
    if version >= CHECKED_HEALTH:
        return compact({**shown, "uptime": {"value": up, "unit": "seconds"}})
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


def org_name_not_found(name: str) -> str:
    """Return the message for a name that no org has."""
    return f'organization name "{name}" not found'


def not_emulated(method: str, path: str) -> Answer:
    """The answer to what only a real server does; no influxd gives it."""
    return error("not implemented", f"the influx_secrets emulator does not serve {method} {path}")
