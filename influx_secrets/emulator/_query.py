"""The call `POST /api/v2/query`: reads the request, runs its Flux, writes the result as the server's CSV."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import _answers, _flux, _gojson
from ._answers import Answer
from ._context import InvalidIDError, parse_id
from ._gojson import JSONError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._context import Context
    from ._gojson import Value

_FLUX_TYPE = "application/vnd.flux"
_NOT_JSON = (
    "failed parsing request body as JSON; if sending a raw Flux script, set 'Content-Type: application/vnd.flux' "
    "in your request headers: "
)


@dataclass(frozen=True, slots=True)
class _Request:
    """A query and how its result is to look (the "dialect")."""

    script: str
    header: bool = True
    delimiter: str = ","
    annotations: tuple[str, ...] = ()


def answer(context: Context) -> Answer:
    """Answer a call at or below `/api/v2/query`. An older handler: it looks at the decoded path."""
    if context.decoded == "/api/v2/query/" and context.method == "POST":
        return Answer(308, headers={"Location": "/api/v2/query"})
    if context.decoded != "/api/v2/query":
        return _answers.compact_error("not found", "path not found")
    if context.method != "POST":
        refused = _answers.compact_error("method not allowed", "allow: OPTIONS, POST")
        return replace(refused, headers={**refused.headers, "Allow": "OPTIONS, POST"})
    result = _result(context)
    return replace(result, headers={**result.headers, "Vary": "Accept-Encoding"})


def _result(context: Context) -> Answer:
    try:
        request = _request(context.call.headers, context.call.body)
        context.trace.org_id = org_id = _org_id(context)
    except ValueError as problem:
        return _answers.compact_error("invalid", f"failed to decode request body: {problem}")
    held = context.store.secrets(org_id)
    keys: list[str] = []

    def secret(key: str) -> str:
        keys.append(key)
        if not context.grant.reads_secrets(org_id):
            raise _flux.FluxError("unauthorized", _answers.unauthorized("read", f"orgs/{org_id}/secrets"))
        # The server stores an empty value, and then does not find it.
        if not held.get(key):
            raise _flux.FluxError("not found", "secret not found")
        return held[key]

    try:
        table = _flux.run(request.script, secret)
    except _flux.FluxError as problem:
        return _answers.compact_error(problem.code, str(problem))
    finally:
        context.trace.keys = tuple(keys)
    return _answers.csv(_csv(request, table).encode())


def _request(headers: Mapping[str, str], body: bytes) -> _Request:
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_flux = media == _FLUX_TYPE
    request = _Request(body.decode("utf-8", "replace")) if is_flux else _json_request(body)
    if not request.script:
        raise ValueError("request body requires either query or AST")
    return request


def _json_request(body: bytes) -> _Request:
    try:
        value = _gojson.decode(body)
        if value is not None and not isinstance(value, tuple):
            raise _misfit(value, "value of type http.QueryRequest")
        fields = {name.lower(): item for name, item in value or ()}
        script = fields.get("query") or ""
        if not isinstance(script, str):
            raise _misfit(script, "struct field QueryRequest.query of type string")
    except JSONError as problem:
        raise ValueError(f"{_NOT_JSON}{problem}") from None
    if script and fields.get("type") not in {None, "", "flux"}:
        raise ValueError(f"unknown query type: {fields['type']}")
    dialect = fields.get("dialect")
    return _with_dialect(script, dict(dialect) if isinstance(dialect, tuple) else {})


def _misfit(value: Value, target: str) -> JSONError:
    return JSONError(f"json: cannot unmarshal {_gojson.kind(value)} into Go {target}")


def _with_dialect(script: str, dialect: Mapping[str, Value]) -> _Request:
    delimiter = dialect.get("delimiter") or ","
    if not isinstance(delimiter, str) or len(delimiter.encode()) != 1:
        raise ValueError("invalid dialect delimeter: must be length 1")
    listed = dialect.get("annotations")
    annotations = tuple(str(item) for item in listed) if isinstance(listed, list) else ()
    for annotation in annotations:
        if annotation not in {"group", "datatype", "default"}:
            raise ValueError(f"unknown dialect annotation type: {annotation}")
    header = dialect.get("header") is not False
    return _Request(script, header=header, delimiter=delimiter, annotations=annotations)


def _org_id(context: Context) -> str:
    """Return the id of the org that is named; any token may name any org, only its secrets are guarded.

    `org` may be an id too, and `orgID` wins over it.
    """
    name, org_id = context.argument("org"), context.argument("orgID")
    if org_id:
        org_id = parse_id(org_id)
    elif name:
        with contextlib.suppress(InvalidIDError):
            org_id = parse_id(name)
    else:
        raise ValueError("Please provide either orgID or org")
    org = context.store.org(org_id) if org_id else context.store.org_named(name)
    if org is None:
        raise ValueError(_answers.ORG_NOT_FOUND if org_id else _answers.org_name_not_found(name))
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
    text = "".join(request.delimiter.join(_cell(cell, request.delimiter) for cell in line) + "\r\n" for line in lines)
    return text + "\r\n"


def _cell(value: str, delimiter: str) -> str:
    """Return a field as Go's `csv.Writer` writes it with CRLF line ends: lone CRs vanish, LF becomes CRLF."""
    special = value == r"\." or any(c in value for c in (delimiter, '"', "\r", "\n")) or value[:1].isspace()
    if not value or not special:
        return value
    inner = value.replace("\r", "").replace("\n", "\r\n").replace('"', '""')
    return f'"{inner}"'
