"""The call `POST /api/v2/query`: reads the request, runs its Flux, writes the result as the server's CSV."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from . import _answers, _flux, _gojson
from ._answers import Answer
from ._store import Grant, Store

_FLUX_TYPE = "application/vnd.flux"
_NOT_JSON = (
    "failed parsing request body as JSON; if sending a raw Flux script, set 'Content-Type: application/vnd.flux' "
    "in your request headers: "
)


class Trace(Protocol):
    """Where a query notes what it was about."""

    org_id: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Request:
    """A query and how its result is to look (the "dialect")."""

    script: str
    header: bool = True
    delimiter: str = ","
    annotations: tuple[str, ...] = ()


def answer(
    store: Store,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    arguments: Mapping[str, list[str]],
    grant: Grant,
    trace: Trace,
) -> Answer:
    """Return the answer to a query."""
    if method != "POST":
        refused = _answers.compact_error("method not allowed", "allow: OPTIONS, POST")
        return Answer(refused.status, refused.body, {**refused.headers, "Allow": "OPTIONS, POST"})
    result = _answer(store, headers, body, arguments, grant, trace)
    return Answer(result.status, result.body, {**result.headers, "Vary": "Accept-Encoding"})


def _answer(
    store: Store,
    headers: Mapping[str, str],
    body: bytes,
    arguments: Mapping[str, list[str]],
    grant: Grant,
    trace: Trace,
) -> Answer:
    try:
        request = _request(headers, body)
        trace.org_id = org_id = _org_id(store, arguments)
    except ValueError as problem:
        return _answers.compact_error("invalid", f"failed to decode request body: {problem}")
    held = store.secrets(org_id)
    keys: list[str] = []

    def secret(key: str) -> str:
        keys.append(key)
        if not grant.reads_secrets(org_id):
            raise _flux.FluxError("unauthorized", _answers.forbidden("read", f"orgs/{org_id}/secrets"))
        # The server stores an empty value, and then does not find it.
        if not held.get(key):
            raise _flux.FluxError("not found", "secret not found")
        return held[key]

    try:
        table = _flux.run(request.script, secret)
    except _flux.FluxError as problem:
        return _answers.compact_error(problem.code, str(problem))
    finally:
        trace.keys = tuple(keys)
    if headers.get("prefer") == "return-no-content":
        return _answers.no_content()
    return _answers.csv(_csv(request, table).encode())


def _request(headers: Mapping[str, str], body: bytes) -> _Request:
    media, *parameters = headers.get("content-type", "").split(";")
    if any(not re.fullmatch(r"\s*[\w-]+=(?:[\w.-]+|\"[^\"]*\")\s*", parameter) for parameter in parameters):
        raise ValueError("mime: invalid media parameter")
    if media.strip().lower() == _FLUX_TYPE:
        request = _Request(body.decode("utf-8", "replace"))
    else:
        request = _json_request(body)
    if not request.script:
        raise ValueError("request body requires either query or AST")
    return request


def _json_request(body: bytes) -> _Request:
    try:
        value = _gojson.decode(body)
    except _gojson.JSONProblem as problem:
        raise ValueError(f"{_NOT_JSON}{problem}") from None
    if value is not None and not isinstance(value, tuple):
        raise ValueError(
            f"{_NOT_JSON}json: cannot unmarshal {_gojson.kind(value)} into Go value of type http.QueryRequest"
        )
    fields = {name.lower(): item for name, item in value or ()}
    script, dialect = fields.get("query") or "", dict(fields.get("dialect") or ())
    if not isinstance(script, str):
        raise ValueError(
            f"{_NOT_JSON}json: cannot unmarshal {_gojson.kind(script)} into Go struct field QueryRequest.query of type string"
        )
    if script and fields.get("type") not in {None, "", "flux"}:
        raise ValueError(f"unknown query type: {fields['type']}")
    return _with_dialect(script, dialect)


def _with_dialect(script: str, dialect: Mapping[str, Any]) -> _Request:
    delimiter = dialect.get("delimiter") or ","
    if len(delimiter.encode()) != 1:
        raise ValueError("invalid dialect delimeter: must be length 1")
    annotations = tuple(dialect.get("annotations") or ())
    for annotation in annotations:
        if annotation not in {"group", "datatype", "default"}:
            raise ValueError(f"unknown dialect annotation type: {annotation}")
    return _Request(
        script, header=dialect.get("header") is not False, delimiter=delimiter, annotations=annotations
    )


def _org_id(store: Store, arguments: Mapping[str, list[str]]) -> str:
    org_id, name = arguments.get("orgID", [""])[0], arguments.get("org", [""])[0]
    if org_id:
        if len(org_id.encode()) != 16:
            raise ValueError(_answers.ID_LENGTH)
        if not re.fullmatch("[0-9a-fA-F]{16}", org_id) or not int(org_id, 16):
            raise ValueError(_answers.ID_INVALID)
        org = store.org(org_id.lower())
        if org is None:
            raise ValueError(_answers.ORG_NOT_FOUND)
        return org.id
    if not name:
        raise ValueError("Please provide either orgID or org")
    org = store.org_named(name)
    if org is None:
        raise ValueError(_answers.org_name_not_found(name))
    return org.id


def _csv(request: _Request, table: _flux.Table) -> str:
    columns = len(table.columns)
    lines = []
    default = "" if "default" in request.annotations else "_result"
    for annotation in request.annotations:
        cells = {
            "datatype": ["string", "long", *["string"] * columns],
            "group": ["false"] * (columns + 2),
            "default": ["_result", "", *[""] * columns],
        }[annotation]
        lines.append([f"#{annotation}", *cells])
    if request.header:
        lines.append(["", "result", "table", *table.columns])
    lines += [["", default, "0", *row] for row in table.rows]
    text = "".join(
        request.delimiter.join(_cell(cell, request.delimiter) for cell in line) + "\r\n" for line in lines
    )
    return text + "\r\n"


def _cell(value: str, delimiter: str) -> str:
    """Return a field as Go's `csv.Writer` writes it with CRLF line ends: lone CRs vanish, LF becomes CRLF."""
    special = value == r"\." or any(c in value for c in (delimiter, '"', "\r", "\n")) or value[:1].isspace()
    if not value or not special:
        return value
    inner = value.replace("\r", "").replace("\n", "\r\n").replace('"', '""')
    return f'"{inner}"'
