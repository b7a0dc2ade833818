"""Bodies of the API: encoding of what is sent, decoding of what comes back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from influx_secrets._client.messages import Response
from influx_secrets._errors import DeclarationError
from influx_secrets._model.input_types import require, string_problem
from influx_secrets._text import quote


@dataclass(frozen=True, slots=True)
class Org:
    """An organization of the server."""

    id: str
    """16 hex digits."""
    name: str
    """Unique on its server."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a server reports about itself without a token.

    Attributes:
        version: Such as "v2.9.1"; InfluxDB 1 reports "1.8.10".
        build: "OSS" or "Cloud"; None if it is not reported.
        date: The header `Date` of the response; None if there is none.
    """

    version: str
    build: str | None
    date: str | None


class Tables(NamedTuple):
    """The rows of a query's tables, and the error that ended it midway, if one did."""

    rows: list[dict[str, str]]
    error: str | None = None


def describe_keys(keys: Iterable[str]) -> str:
    """Return keys for a message: one by its name, several by the first and their number."""
    first, *others = keys
    return f"the secret {quote(first)}" + (f" and {len(others)} more" if others else "")


def encode_script(flux: object) -> bytes:
    _require_text(flux, "the Flux script")
    return str(flux).encode()


def encode_secrets(secrets: Mapping[str, str]) -> bytes:
    """Return the body of the PATCH. Raise as `encode_script` does, and for an empty key, which no path can carry."""
    for key, value in secrets.items():
        _require_text(key, "the key", key)
        if not key:
            raise DeclarationError('a key must not be empty: use a name such as "SLACK_TOKEN" (IS118)')
        _require_text(value, "the value of the key", key)
    return json.dumps(dict(secrets), ensure_ascii=False, separators=(",", ":")).encode()


def encode_keys(keys: Iterable[str]) -> bytes:
    """Return the body of the POST delete. Raise as `encode_script` does."""
    doomed = list(keys)
    for key in doomed:
        _require_text(key, "the key", key)
    return json.dumps({"secrets": doomed}, ensure_ascii=False, separators=(",", ":")).encode()


def _require_text(text: object, what: str, key: object = None) -> None:
    if string_problem(text) is None:
        return  # without the name, which takes longer than all else for very many keys
    # The message names a key and never a value.
    require(what if key is None else f"{what} {quote(str(key))}", text, string_problem)


def read_keys(response: Response) -> list[str] | None:
    """Return the keys in the response to a list; None for a body of another shape, as all readers here."""
    keys = response.fields.get("secrets")
    return keys if isinstance(keys, list) and all(isinstance(key, str) for key in keys) else None


def read_orgs(response: Response) -> list[Org] | None:
    items = response.fields.get("orgs")
    try:
        orgs = [Org(item["id"], item["name"]) for item in items] if isinstance(items, list) else None
    except (KeyError, TypeError):
        return None
    return orgs if all(isinstance(text, str) for org in orgs or () for text in (org.id, org.name)) else None


def read_health(response: Response) -> Health | None:
    """Return the content of `/health`.

    A hardened influxd 2.10 (`--hardening-enabled`, `--health-auth-mode=required`) has the version only in a header.
    """
    body = response.json()
    version = body.get("version", response.headers.get("x-influxdb-version")) if isinstance(body, dict) else None
    if not isinstance(version, str) or not version:
        return None
    return Health(version, response.headers.get("x-influxdb-build"), response.headers.get("date"))


def read_tables(response: Response) -> Tables | None:
    """Return the tables of a Flux query in CSV, with or without annotations (influxd 2.9.1: without, unless asked).

    Empty lines separate tables, each with a header of its own; the first column holds only annotations. A table of the
    columns `error` and `reference` reports that the script failed after the response had begun.
    """
    try:
        lines = list(csv.reader(io.StringIO(response.body.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    rows: list[dict[str, str]] = []
    header: list[str] | None = None
    defaults: list[str] = []
    for line in lines:
        if not line:
            header, defaults = None, []
        elif line[0].startswith("#"):
            defaults = line if line[0] == "#default" else defaults
        elif line[0] or len(line) != len(header or line):
            return None
        elif header is None:
            header = line
        elif header[1:] == ["error", "reference"]:
            return Tables(rows, line[1])
        else:
            rows.append(_row(header, line, defaults))
    return Tables(rows)


def _row(header: list[str], line: list[str], defaults: list[str]) -> dict[str, str]:
    filled = line if len(defaults) != len(line) else [a or b for a, b in zip(line, defaults, strict=True)]
    cells = zip(header[1:], filled[1:], strict=True)
    # The server's CSV writer turns each line break into CR LF; a CR of the value's own it drops.
    return {name: cell.replace("\r\n", "\n") for name, cell in cells}
