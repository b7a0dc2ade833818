"""The keys of an org, and who manages each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.readers import Alerts, Endpoint, Reader
from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.keys import endpoint_of, is_server_owned
from influx_secrets._text import quote
from influx_secrets.cli.shared.connection import Target, connected
from influx_secrets.cli.shared.console import note, waiting
from influx_secrets.cli.shared.stacks import Managed, Stack, stack_here

LEFT_OVER: Final = "nobody that is shown: its notification endpoint was deleted"
"""Who uses a credential that is abandoned and has no reader."""


class Manager(str, Enum):
    """Who is in charge of a key."""

    STACK = "stack"
    SERVER = "server"
    """The key is the credential of a notification endpoint."""
    LEFTOVER = "leftover"
    """The same, of an endpoint that was deleted, and nothing in alerts reads the key any more."""
    NOBODY = "nobody"
    UNKNOWN = "unknown"
    """No stack was looked at."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A key of an org.

    Attributes:
        resources: The logical names of the resources that manage it; more than one by mistake only.
        readers: The notification endpoints and rules that read it, as far as the token may see them.
    """

    key: str
    manager: Manager
    resources: tuple[str, ...] = ()
    readers: tuple[Reader, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """The keys of an org, sorted; `org` is its name, where it was given by name, `stack` None where there is none."""

    org_id: str
    org: str | None
    stack: Stack | None
    keys: tuple[Listed, ...]


def take_inventory(target: Target) -> Inventory:
    """Ask the server for the keys of the org and who reads them in alerts, and Pulumi for those that the stack has."""
    with connected(target) as (client, org_id), waiting("asking the server"):
        keys = client.list_secret_keys(org_id)
        alerts, gone = _in_alerts(client, org_id, keys)
    with waiting("asking Pulumi for the stack"):
        found = stack_here(target.stack, target.folder, target.config)
    rows = listed(keys, org_id, found.managed if found else None, alerts, gone)
    return Inventory(org_id, target.settings.org, found, rows)


def listed(
    keys: Iterable[str], org_id: str, managed: Iterable[Managed] | None, alerts: Alerts, gone: Collection[str] = ()
) -> tuple[Listed, ...]:
    """Return the keys of an org, sorted, each with its manager; `managed` is None where no stack was looked at."""
    owners: dict[str, list[str]] = {}
    for one in managed or ():
        if one.org_id == org_id:
            owners.setdefault(one.key, []).append(one.resource)
    rows = []
    for key in sorted(keys):
        manager, readers = Manager.NOBODY if managed is not None else Manager.UNKNOWN, alerts.readers(key)
        if key in owners:
            manager = Manager.STACK
        elif is_server_owned(key):
            manager = Manager.LEFTOVER if key in gone and not readers else Manager.SERVER
        rows.append(Listed(key, manager, tuple(owners.get(key, ())), readers))
    return tuple(rows)


def _in_alerts(client: SecretsClient, org_id: str, keys: Iterable[str]) -> tuple[Alerts, frozenset[str]]:
    """Return who reads keys in alerts, and the credentials of endpoints that were deleted."""
    try:
        alerts = client.list_alerts(org_id)
        return alerts, abandoned(client, keys, alerts.endpoints)
    except InfluxSecretsError as error:
        note(f"note: who reads the keys in alerts could not be asked: {error}")
        return Alerts(), frozenset()


def abandoned(client: SecretsClient, keys: Iterable[str], endpoints: Iterable[Endpoint]) -> frozenset[str]:
    """Return the credentials whose notification endpoint was deleted: influxd 2.9.1 keeps them for ever.

    Asks for each endpoint that the token is not shown.
    """
    credentials = {key: id_ for key in keys if (id_ := endpoint_of(key)) is not None}
    hidden = set(credentials.values()) - {endpoint.id for endpoint in endpoints}
    gone = {id_ for id_ in sorted(hidden) if not client.endpoint_exists(id_)}
    return frozenset(key for key, id_ in credentials.items() if id_ in gone)


def titles(readers: Iterable[Reader]) -> str:
    """Return readers for people."""
    return ", ".join(reader.title for reader in readers)


def server_text(readers: Iterable[Reader]) -> str:
    """Return for what the server keeps a credential."""
    return f"the server, for {titles(readers) or 'a notification endpoint'}"


def manager_text(one: Listed) -> str:
    """Return who manages a key and who reads it, for people."""
    if one.manager is Manager.SERVER:
        return server_text(one.readers)
    manager = {
        Manager.STACK: ", ".join(map(quote, one.resources)) + " of the stack",
        Manager.LEFTOVER: LEFT_OVER,
        Manager.NOBODY: "-",
        Manager.UNKNOWN: "?",
    }[one.manager]
    return f"{manager}, read by {titles(one.readers)}" if one.readers else manager


def reader_json(reader: Reader) -> dict[str, Any]:
    """Return a reader for programs."""
    return {"kind": reader.kind, "id": reader.id, "name": reader.name, "active": reader.active}
