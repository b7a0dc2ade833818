"""Reads the body of a query: a Flux script as it is, or JSON that fits Go's struct of it, dialect included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from influx_secrets.emulator.go.json import JSONError, decode, folded, misfit, string_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from influx_secrets.emulator.go.json import Pairs, Value

_FLUX_TYPE = "application/vnd.flux"
_NOT_JSON = (
    "failed parsing request body as JSON; if sending a raw Flux script, set 'Content-Type: application/vnd.flux' "
    "in your request headers: "
)
_ANNOTATIONS = frozenset({"group", "datatype", "default"})
_TIME_FORMATS = frozenset({"RFC3339", "RFC3339Nano"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d?\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)")
_TIME_LAYOUT = "2006-01-02T15:04:05Z07:00"


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query and how its result is to look (the "dialect").

    Attributes:
        script: Flux.
        header: whether a line names the columns.
        delimiter: what is between two cells.
        annotations: kinds of lines before that, in their order.
        foreign: what else it asks for that the emulator cannot give. Empty: nothing.
    """

    script: str
    header: bool = True
    delimiter: str = ","
    annotations: tuple[str, ...] = ()
    foreign: str = ""


def query_request(headers: Mapping[str, str], body: bytes) -> QueryRequest:
    """Return what is asked for.

    Raises:
        ValueError: nothing that could be; the text is the server's.
    """
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == _FLUX_TYPE:
        fields = _Fields(texts={"query": body.decode("utf-8", "replace")})
    else:
        try:
            fields = _decoded(body)
        except JSONError as problem:
            raise ValueError(f"{_NOT_JSON}{problem}") from None
    return _checked(fields)


class _Fields:
    """Go's struct while a JSON object is put into it: a field may come twice, and the first misfit is told last."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self.texts = dict(texts or {})
        self.header = True
        self.annotations: list[str] = []
        self.has_tree = self.has_externals = False
        self.problem: JSONError | None = None

    def fill(self, pairs: Pairs) -> None:
        for name, item in pairs:
            match folded(name):
                case "query" | "type" as field:
                    self._text(field, item, f"QueryRequest.{field}")
                case "dialect" if isinstance(item, tuple):
                    self._fill_dialect(item)
                case "dialect" if item is not None:
                    self._misfit(item, "QueryRequest.dialect of type http.QueryDialect")
                case "now" if item is not None:
                    _check_time(item)
                case "ast":
                    self.has_tree = True
                case "extern":
                    self.has_externals = item is not None and not _declares_nothing(item)

    def _fill_dialect(self, pairs: Pairs) -> None:
        for name, item in pairs:
            match folded(name):
                case "header" if item is None or isinstance(item, bool):
                    self.header = item is not False
                case "header":
                    self._misfit(item, "QueryDialect.dialect.header of type bool")
                case "delimiter":
                    self._text("delimiter", item, "QueryDialect.dialect.delimiter")
                case "commentprefix":
                    self._text("prefix", item, "QueryDialect.dialect.commentPrefix")
                case "datetimeformat":
                    self._text("time", item, "QueryDialect.dialect.dateTimeFormat")
                case "annotations":
                    self._fill_annotations(item)

    def _fill_annotations(self, items: Value) -> None:
        try:
            self.annotations = string_list(items, self.annotations, "QueryDialect.dialect.annotations")
        except JSONError as problem:
            self.problem = self.problem or problem

    def _text(self, field: str, item: Value, name: str) -> None:
        if isinstance(item, str):
            self.texts[field] = item
        elif item is not None:
            self._misfit(item, f"{name} of type string")

    def _misfit(self, item: Value, target: str) -> None:
        self.problem = self.problem or misfit(item, f"struct field {target}")


def _decoded(body: bytes) -> _Fields:
    value = decode(body)
    if value is not None and not isinstance(value, tuple):
        raise misfit(value, "value of type http.QueryRequest")
    fields = _Fields()
    fields.fill(value or ())
    if fields.problem:
        raise fields.problem
    return fields


def _declares_nothing(extern: Value) -> bool:
    # What influxdb-client sends with each query: a file of Flux without imports and statements.
    members = dict(extern) if isinstance(extern, tuple) else {}
    return members.get("imports") == [] and members.get("body") == []


def _check_time(item: Value) -> None:
    # Go leaves its decoder at once here, whatever did not fit before.
    if not isinstance(item, str):
        raise JSONError("Time.UnmarshalJSON: input is not a JSON string")
    if not _TIME.fullmatch(item):
        raise JSONError(f'parsing time "{item}" as "{_TIME_LAYOUT}": cannot parse "{item}" as "2006"')


def _checked(fields: _Fields) -> QueryRequest:
    """Return the request; the order of the checks is the server's."""
    script = fields.texts.get("query", "")
    kind, delimiter = fields.texts.get("type") or "flux", fields.texts.get("delimiter") or ","
    time_format = fields.texts.get("time") or "RFC3339"
    if not script and not fields.has_tree:
        raise ValueError("request body requires either query or AST")
    if kind != "flux":
        raise ValueError(f"unknown query type: {kind}")
    if len(fields.texts.get("prefix", "").encode()) > 1:
        raise ValueError("invalid dialect comment prefix: must be length 0 or 1")
    if len(delimiter.encode()) != 1:
        raise ValueError("invalid dialect delimeter: must be length 1")
    for annotation in fields.annotations:
        if annotation not in _ANNOTATIONS:
            raise ValueError(f"unknown dialect annotation type: {annotation}")
    if time_format not in _TIME_FORMATS:
        raise ValueError(f"unknown dialect date time format: {time_format}")
    foreign = "it comes as a syntax tree" if not script else "it has externals" if fields.has_externals else ""
    # Go's zero stands for "not set" once more.
    delimiter = delimiter.replace("\0", ",")
    return QueryRequest(script, fields.header, delimiter, tuple(fields.annotations), foreign)
