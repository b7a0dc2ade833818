"""The keys of an org, and who manages each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from influx_secrets._model.keys import is_server_owned
from influx_secrets.cli.shared.connection import Target, connected
from influx_secrets.cli.shared.console import waiting
from influx_secrets.cli.shared.stacks import Managed, Stack, stack_here


class Manager(str, Enum):
    """Who is in charge of a key."""

    STACK = "stack"
    SERVER = "server"
    """The key is the credential of a notification endpoint."""
    NOBODY = "nobody"
    UNKNOWN = "unknown"
    """No stack was looked at."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A key of an org.

    Attributes:
        resources: The logical names of the resources that manage it; more than one by mistake only.
    """

    key: str
    manager: Manager
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """The keys of an org, sorted; `org` is its name, where it was given by name, `stack` None where there is none."""

    org_id: str
    org: str | None
    stack: Stack | None
    keys: tuple[Listed, ...]


def take_inventory(target: Target) -> Inventory:
    """Ask the server for the keys of the org, and Pulumi for those that the stack manages.

    Raises:
        InfluxSecretsError: One of the two gave no usable answer.
    """
    with connected(target) as connection, waiting("asking the server"):
        keys = connection.client.list_secret_keys(connection.org_id)
    with waiting("asking Pulumi for the stack"):
        found = stack_here(target.stack, target.folder, target.config)
    rows = listed(keys, connection.org_id, found.managed if found else None)
    return Inventory(connection.org_id, connection.org, found, rows)


def listed(keys: Iterable[str], org_id: str, managed: Iterable[Managed] | None) -> tuple[Listed, ...]:
    """Return the keys of an org, sorted, each with its manager; `managed` is None where no stack was looked at."""
    owners: dict[str, list[str]] = {}
    for one in managed or ():
        if one.org_id == org_id:
            owners.setdefault(one.key, []).append(one.resource)
    return tuple(_listed(key, owners, known=managed is not None) for key in sorted(keys))


def _listed(key: str, owners: Mapping[str, list[str]], *, known: bool) -> Listed:
    if key in owners:
        return Listed(key, Manager.STACK, tuple(owners[key]))
    if is_server_owned(key):
        return Listed(key, Manager.SERVER)
    return Listed(key, Manager.NOBODY if known else Manager.UNKNOWN)
