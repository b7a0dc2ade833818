"""Command `list`."""

from __future__ import annotations

from typing import Any

from influx_secrets.cli.shared.connection import Target, with_target
from influx_secrets.cli.shared.console import note, print_json, print_table
from influx_secrets.cli.shared.inventory import Listed, manager_text, reader_json, take_inventory
from influx_secrets.cli.shared.untrusted import visible


@with_target
def list_keys(target: Target, as_json: bool) -> None:
    """List the keys of an org, and who manages each: the stack of this folder, the server, or nobody.

    Names the notification endpoints and rules that read a key, as far as the token may see them. Values never come back
    from the server, and none is shown. The token needs to read the org and its secrets; nothing is written. Pulumi is
    asked for the state of the stack where there is a program in the folder, or a stack is named.
    """
    found = take_inventory(target)
    if as_json:
        print_json({"org_id": found.org_id, "org": found.org, "keys": list(map(_row, found.keys))})
        return
    if found.keys:
        print_table(("KEY", "MANAGED BY"), [(visible(one.key), manager_text(one)) for one in found.keys])
    else:
        note("note: the org has no secrets")
    if found.stack is None:
        note("note: there is no Pulumi program here, so what a stack manages is not known: give --cwd or --stack")


def _row(one: Listed) -> dict[str, Any]:
    readers = list(map(reader_json, one.readers))
    return {"key": one.key, "manager": one.manager.value, "resources": one.resources, "readers": readers}
