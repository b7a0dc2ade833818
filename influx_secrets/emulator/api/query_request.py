"""Reads the body of a query: a Flux script, as it is or in JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from influx_secrets.emulator.flux.tokens import unsupported
from influx_secrets.emulator.go.json import JSONError, Members, Value, as_members, as_string, as_strings, members

_FLUX_TYPE = "application/vnd.flux"
_NOT_JSON = (
    "failed parsing request body as JSON; if sending a raw Flux script, set 'Content-Type: application/vnd.flux' "
    "in your request headers: "
)
_SHAPES: Mapping[str, Callable[[Value], object]] = {"query": as_string, "type": as_string, "dialect": as_members}
_ANNOTATIONS = ("group", "datatype", "default")
_DIALECT: Mapping[str, Value] = {"header": True, "delimiter": ",", "commentprefix": "#", "datetimeformat": "RFC3339"}
"""What the vendor's clients send; it is also influxd's default."""


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A Flux script, and the kinds of annotations that its result begins with, in their order."""

    script: str
    annotations: tuple[str, ...] = ()


def query_request(headers: Mapping[str, str], body: bytes) -> QueryRequest:
    """Return what a body asks for.

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
    return QueryRequest(script, _annotations(as_members(fields.get("dialect"))))


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
