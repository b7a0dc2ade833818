"""The fleet file: which servers there are, and the program that prints the values of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")  # it becomes the name of a stack


class FleetError(Exception):
    """Something that a person has to put right; one line."""


@dataclass(frozen=True)
class Server:
    """One InfluxDB server; `token` is the name of the environment variable that holds its token."""

    name: str
    url: str
    org: str
    token: str


@dataclass(frozen=True)
class Fleet:
    """All servers; `values` is the command that prints a server's values, run in `folder`, that of the file."""

    project: str
    values: tuple[str, ...]
    servers: tuple[Server, ...]
    folder: Path


def read_fleet(file: Path) -> Fleet:
    """Read a fleet file.

    Raises:
        FleetError: it is missing, or not as it should be.
    """
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FleetError(f"{file} cannot be read: {' '.join(str(error).split())}") from None
    known = {"project", "values", "servers"}
    if not isinstance(content, dict) or set(content) != known:
        raise FleetError(f"{file} must have {', '.join(sorted(known))}, and nothing else")
    servers, values = content["servers"], content["values"]
    if not isinstance(servers, dict) or not servers:
        raise FleetError(f"{file}: servers must be a map, name to url, org and token")
    if not isinstance(values, list) or not values or not all(isinstance(part, str) for part in values):
        raise FleetError(f"{file}: values must be a command, a list of texts")
    return Fleet(
        project=str(content["project"]),
        values=tuple(values),
        servers=tuple(_server(str(name), given) for name, given in servers.items()),
        folder=file.absolute().parent,
    )


def _server(name: str, given: Any) -> Server:  # noqa: ANN401 (whatever is in the file)
    fields = {"url", "org", "token"}
    if not _NAME.fullmatch(name):
        raise FleetError(f"server {name!r}: a name has letters, digits, and _ . - only")
    if not isinstance(given, Mapping) or set(given) != fields or not all(isinstance(v, str) for v in given.values()):
        raise FleetError(f"server {name}: give url, org and token, three texts; token names an environment variable")
    return Server(name, **given)
