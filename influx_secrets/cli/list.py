"""The command `list`: the keys of an org, and who manages each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from influx_secrets._model.keys import is_server_owned
from influx_secrets.cli.shared.connection import AllowInsecure, AsJson, OrgId, OrgName, connected, given
from influx_secrets.cli.shared.console import note, plain, print_json, print_table, waiting
from influx_secrets.cli.shared.stacks import Folder, Managed, StackName, stack_here


class Manager(str, Enum):
    """Who is in charge of a key."""

    STACK = "stack"
    #: The credential of a notification endpoint.
    SERVER = "server"
    NOBODY = "nobody"
    #: No stack was looked at.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Listed:
    """A key of an org; `resources` are the logical names of those that manage it, more than one by mistake only."""

    key: str
    manager: Manager
    resources: tuple[str, ...] = ()


def listed(keys: Iterable[str], org_id: str, managed: Iterable[Managed] | None) -> list[Listed]:
    """Return the keys of an org, sorted, each with who manages it; `managed` is None where no stack was looked at."""
    owners: dict[str, list[str]] = {}
    for one in managed or ():
        if one.org_id == org_id:
            owners.setdefault(one.key, []).append(one.resource)
    return [_listed(key, owners, known=managed is not None) for key in sorted(keys)]


def _listed(key: str, owners: Mapping[str, list[str]], *, known: bool) -> Listed:
    if key in owners:
        return Listed(key, Manager.STACK, tuple(owners[key]))
    if is_server_owned(key):
        return Listed(key, Manager.SERVER)
    return Listed(key, Manager.NOBODY if known else Manager.UNKNOWN)


def list_keys(
    org: OrgName = None,
    org_id: OrgId = None,
    stack: StackName = None,
    cwd: Folder = None,
    as_json: AsJson = False,
    allow_insecure: AllowInsecure = False,
) -> None:
    """List the keys of an org, and who manages each: the stack of this folder, the server, or nobody.

    Values never come back from the server, and none is shown. The token needs to read the org and its secrets; nothing
    is written. Pulumi is asked for the state of the stack where there is a program in the folder, or a stack is named.
    """
    inputs = given(org, org_id, allow_insecure=allow_insecure)
    with waiting("asking the server"), connected(inputs) as connection:
        keys = connection.client.list_secret_keys(connection.org_id)
    with waiting("asking Pulumi for the stack"):
        found = stack_here(stack, cwd)
    rows = listed(keys, connection.org_id, found.managed if found else None)
    if as_json:
        shown = [{"key": one.key, "manager": one.manager.value, "resources": list(one.resources)} for one in rows]
        print_json({"org_id": connection.org_id, "org": connection.org, "keys": shown})
        return
    if rows:
        print_table(("KEY", "MANAGED BY"), [(plain(one.key), _manager(one)) for one in rows])
    else:
        note("note: the org has no secrets")
    if found is None:
        note("note: there is no Pulumi program here, so what a stack manages is not known: give --cwd or --stack")


def _manager(one: Listed) -> str:
    if one.manager is Manager.STACK:
        return ", ".join(f'"{plain(name)}"' for name in one.resources) + " of the stack"
    return {
        Manager.SERVER: "the server, for a notification endpoint",
        Manager.NOBODY: "-",
        Manager.UNKNOWN: "?",
    }[one.manager]
