"""The bodies of the API: encodes what is sent, reads what comes back; a body of another shape reads as `None`."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from influx_secrets._client.messages import Answer
from influx_secrets._errors import DeclarationError

_MAX_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Org:
    """An organization of the server."""

    #: 16 hex digits.
    id: str
    #: Unique on its server.
    name: str


@dataclass(frozen=True, slots=True)
class Health:
    """What a server says of itself to anybody."""

    #: Such as "v2.9.1"; InfluxDB 1 says "1.8.10".
    version: str
    #: What it was built as: "OSS", "Cloud"; `None` where it does not say.
    build: str | None
    #: The header `Date` of its answer; `None` where there is none.
    date: str | None


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of a query's tables, and the error that ended it midway, if one did."""

    rows: list[dict[str, str]] = field(default_factory=list)
    error: str | None = None


def shown(text: str) -> str:
    """A name or key for a message: quoted, escaped, and shortened at 100 characters."""
    return repr(text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…")


def shown_keys(keys: Iterable[str]) -> str:
    """Keys for a message: one by its name, several by the first and their number."""
    first, *others = keys
    if not others:
        return f"secret {shown(first)}"
    return f"secret {shown(first)} and {len(others)} more"


def encode_text(text: object, what: str) -> bytes:
    """Encode as UTF-8; `what` names the text in the error, which does not repeat it.

    Raises:
        DeclarationError: There is a lone surrogate in it, which UTF-8 cannot say.
        TypeError: It is not text.
    """
    if not isinstance(text, str):
        message = f"{what} must be a str, not {type(text).__name__}"
        raise TypeError(message)
    try:
        return text.encode()
    except UnicodeEncodeError:
        problem = f"{what} is not valid text: it holds half of a surrogate pair"
    # Outside of the handler: the codec's error holds the text itself.
    raise DeclarationError(problem)


def encode_secrets(secrets: Mapping[str, str]) -> bytes:
    """The body of the PATCH. Raises as `encode_text` does, and for an empty key, which no path can carry."""
    for key, value in secrets.items():
        if not encode_text(key, f"the key {shown(str(key))}"):
            raise DeclarationError("a key must not be empty")
        encode_text(value, f"the value of key {shown(key)}")
    return json.dumps(dict(secrets), ensure_ascii=False, separators=(",", ":")).encode()


def encode_keys(keys: Iterable[str]) -> bytes:
    """The body of the POST delete. Raises as `encode_text` does."""
    doomed = list(keys)
    for key in doomed:
        encode_text(key, f"the key {shown(str(key))}")
    return json.dumps({"secrets": doomed}, ensure_ascii=False, separators=(",", ":")).encode()


def read_keys(answer: Answer) -> list[str] | None:
    """The keys in the answer to a list."""
    body = answer.json()
    keys = body.get("secrets") if isinstance(body, dict) else None
    if isinstance(keys, list) and all(isinstance(key, str) for key in keys):
        return keys
    return None


def read_orgs(answer: Answer) -> list[Org] | None:
    """The orgs in the answer to a look-up by name."""
    body = answer.json()
    items = body.get("orgs") if isinstance(body, dict) else None
    if not isinstance(items, list):
        return None
    orgs = [_org(item) for item in items]
    return [org for org in orgs if org is not None] if None not in orgs else None


def read_org(answer: Answer) -> Org | None:
    """The org in the answer to a look-up by id."""
    return _org(answer.json())


def _org(item: object) -> Org | None:
    if isinstance(item, dict) and isinstance(item.get("id"), str) and isinstance(item.get("name"), str):
        return Org(item["id"], item["name"])
    return None


def read_health(answer: Answer) -> Health | None:
    """The answer of `/health`."""
    body = answer.json()
    version = body.get("version") if isinstance(body, dict) else None
    if not isinstance(version, str) or not version:
        return None
    return Health(version, answer.headers.get("x-influxdb-build"), answer.headers.get("date"))


def read_tables(answer: Answer) -> Tables | None:
    """The tables of a Flux query in CSV, with or without annotations (influxd 2.9.1: without, unless asked).

    Tables are parted by empty lines, each with a header of its own; the first column holds annotations only. A
    table of the columns `error` and `reference` reports that the script failed after it had begun to answer.
    """
    try:
        lines = list(csv.reader(io.StringIO(answer.body.decode(), newline=""), strict=True))
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
