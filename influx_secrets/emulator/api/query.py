"""The call `POST /api/v2/query`: reads the request, runs its Flux, writes the result as the server's CSV."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from influx_secrets.emulator.api import responses as _answers
from influx_secrets.emulator.api.context import InvalidIDError, parse_id
from influx_secrets.emulator.api.query_request import QueryRequest, query_request
from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.flux import interpreter as _flux

if TYPE_CHECKING:
    from influx_secrets.emulator.api.context import Context

_NO_DELIMITERS = frozenset('"\r\n')
"""Go's `csv.Writer` writes nothing with these, and nobody tells."""


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
        request = query_request(context.call.headers, context.call.body)
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
        if request.foreign:
            raise _flux.unsupported(request.foreign)
        table = _flux.run(request.script, secret)
    except _flux.FluxError as problem:
        return _answers.compact_error(problem.code, str(problem))
    finally:
        context.trace.keys = tuple(keys)
    return _answers.csv(_csv(request, table).encode())


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


def _csv(request: QueryRequest, table: _flux.Table) -> str:
    if request.delimiter in _NO_DELIMITERS:
        return "\r\n"
    columns = len(table.columns)
    lines = []
    default = "" if "default" in request.annotations else "_result"
    for annotation in request.annotations:
        cells = {
            "datatype": ["string", "long", *["string"] * columns],
            "group": ["false"] * (columns + 2),
            "default": ["_result", *([""] * (columns + 1) if columns else ["0"])],
        }[annotation]
        lines.append([f"#{annotation}", *cells])
    if request.header:
        lines.append(["", "result", "table", *table.columns])
    # Without columns there are no rows either, whatever was in the list.
    lines += [["", default, "0", *row] for row in table.rows if row]
    text = "".join(request.delimiter.join(_cell(cell, request.delimiter) for cell in line) + "\r\n" for line in lines)
    return text + "\r\n"


def _cell(value: str, delimiter: str) -> str:
    """Return a field as Go's `csv.Writer` writes it with CRLF line ends: lone CRs vanish, LF becomes CRLF."""
    special = value == r"\." or any(c in value for c in (delimiter, '"', "\r", "\n")) or value[:1].isspace()
    if not value or not special:
        return value
    inner = value.replace("\r", "").replace("\n", "\r\n").replace('"', '""')
    return f'"{inner}"'
