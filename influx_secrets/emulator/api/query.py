"""The call `POST /api/v2/query`: Flux in, CSV out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from influx_secrets.emulator.api import responses
from influx_secrets.emulator.api.context import Context, parse_id
from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.flux.interpreter import Table, run
from influx_secrets.emulator.flux.tokens import FluxError, unsupported
from influx_secrets.emulator.go import JSONError, Members, Value, as_members, as_string, as_strings, members

_FLUX_TYPE = "application/vnd.flux"
_NOT_JSON = (
    "failed parsing request body as JSON; if sending a raw Flux script, set 'Content-Type: application/vnd.flux' "
    "in your request headers: "
)
_SHAPES: Mapping[str, Callable[[Value], object]] = {"query": as_string, "type": as_string, "dialect": as_members}
_ANNOTATIONS = ("group", "datatype", "default")
_DIALECT: Mapping[str, Value] = {"header": True, "delimiter": ",", "commentprefix": "#", "datetimeformat": "RFC3339"}
"""What the vendor's clients send; it is also influxd's default."""


def answer(context: Context) -> Answer:
    """Answer a call at or below `/api/v2/query`, whose handler looks at the decoded path."""
    if context.decoded == "/api/v2/query/" and context.call.method == "POST":
        return Answer(308, headers={"Location": "/api/v2/query"})
    if context.decoded != "/api/v2/query":
        return responses.compact_error("not found", "path not found")
    if context.call.method != "POST":
        refused = responses.compact_error("method not allowed", "allow: OPTIONS, POST")
        return replace(refused, headers={**refused.headers, "Allow": "OPTIONS, POST"})
    result = _result(context)
    return replace(result, headers={**result.headers, "Vary": "Accept-Encoding"})


def _result(context: Context) -> Answer:
    try:
        script, annotations = _request(context.call.headers, context.call.body)
        context.trace.org_id = org_id = _org_id(context)
        absent = () if context.version >= responses.FLUX_HASH else ("contrib/qxip/hash",)
        table = run(script, _reader(context, org_id), absent)
    except ValueError as problem:
        return responses.compact_error("invalid", f"failed to decode request body: {problem}")
    except FluxError as problem:
        return responses.compact_error(problem.code, str(problem))
    return Answer(200, _csv(annotations, table).encode(), {"Content-Type": "text/csv; charset=utf-8"})


def _request(headers: Mapping[str, str], body: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the script in a body, and the kinds of annotations that its result begins with, in their order.

    Raises:
        FluxError: It asks for what the emulator does not do.
        ValueError: influxd refuses it; the text is the server's.
    """
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    fields = {"query": body.decode("utf-8", "replace")} if media == _FLUX_TYPE else _fields(body)
    script, kind = as_string(fields.get("query")), as_string(fields.get("type")) or "flux"
    if not script and "ast" not in fields:
        raise ValueError("request body requires either query or AST")
    if kind != "flux":
        raise ValueError(f"unknown query type: {kind}")
    if not script or "now" in fields or not _declares_nothing(fields.get("extern", ())):
        raise unsupported("it comes with a syntax tree or a time")
    return script, _annotations(as_members(fields.get("dialect")))


def _fields(body: bytes) -> Mapping[str, Value]:
    """Return the fields of Go's struct, whose names have any case, and which `null` leaves as they are."""
    found: dict[str, Value] = {}
    try:
        for name, value in members(body):
            field = name.casefold()
            if field in _SHAPES:
                _SHAPES[field](value)
            if value is not None:
                found[field] = value
    except JSONError as problem:
        raise ValueError(f"{_NOT_JSON}{problem}") from None
    return found


def _declares_nothing(extern: Value) -> bool:
    # What influxdb-client sends with each query: a file of Flux without imports and statements.
    return not extern or (isinstance(extern, tuple) and not any(value for _, value in extern))


def _annotations(dialect: Members) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for name, value in dialect:
        field = name.casefold()
        if field == "annotations" and isinstance(value, list) and all(one in _ANNOTATIONS for one in value):
            found = tuple(as_strings(value))
        elif value is not None and value != _DIALECT.get(field):
            raise unsupported(f"it asks for another {field} in its dialect")
    return found


def _reader(context: Context, org_id: str) -> Callable[[str], str]:
    """Return the function behind `secrets.get`: it reads the secrets that the org has at this moment."""
    held = context.store.secrets(org_id)

    def secret(key: str) -> str:
        context.trace.keys.append(key)
        if not context.grant.may("read_secrets", org_id):
            raise FluxError("unauthorized", context.grant.refusal("read", f"orgs/{org_id}/secrets"))
        # The server stores an empty value, and then does not find it.
        if not held.get(key):
            raise FluxError("not found", "secret not found")
        return held[key]

    return secret


def _org_id(context: Context) -> str:
    """Return the id of the org that the request names. Any token may name any org; only its secrets are guarded.

    `org` may be an id too, and `orgID` wins over it.
    """
    name, org_id = context.argument("org"), context.argument("orgID")
    if org_id:
        org_id = parse_id(org_id)
    elif name:
        with contextlib.suppress(ValueError):
            org_id = parse_id(name)
    else:
        raise ValueError("Please provide either orgID or org")
    org = context.store.org(org_id) if org_id else context.store.org_named(name)
    if org is None:
        raise ValueError(responses.ORG_NOT_FOUND if org_id else responses.org_name_not_found(name))
    return org.id


def _csv(annotations: Sequence[str], table: Table) -> str:
    columns = len(table.columns)
    lines = []
    default = "" if "default" in annotations else "_result"
    for annotation in annotations:
        cells = {
            "datatype": ["string", "long", *table.columns.values()],
            "group": ["false"] * (columns + 2),
            "default": ["_result", *([""] * (columns + 1) if columns else ["0"])],
        }[annotation]
        lines.append([f"#{annotation}", *cells])
    lines.append(["", "result", "table", *table.columns])
    # Without columns there are no rows either, whatever was in the list.
    lines += [["", default, "0", *row] for row in table.rows if row]
    return "".join(",".join(_cell(text) for text in line) + "\r\n" for line in lines) + "\r\n"


def _cell(value: str) -> str:
    """Return a cell as Go's `csv.Writer` with CRLF line ends does: lone CRs vanish, LF becomes CRLF."""
    special = value == r"\." or any(character in value for character in ',"\r\n') or value[:1].isspace()
    if not special:
        return value
    inner = value.replace("\r", "").replace("\n", "\r\n").replace('"', '""')
    return f'"{inner}"'
