"""The command `adopt`: the program that brings the keys of an org under Pulumi, and how its values are set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from influx_secrets._model.validation import key_problem
from influx_secrets.cli.adopt.program_text import config_names, program
from influx_secrets.cli.list import Listed, Manager, listed
from influx_secrets.cli.shared.connection import AllowInsecure, AsJson, OrgId, OrgName, connected, given
from influx_secrets.cli.shared.console import note, plain, print_json, waiting, write
from influx_secrets.cli.shared.stacks import Folder, StackName, stack_here


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is to be done about an org's keys.

    Attributes:
        names: Key to the name of its value in the stack's config, for the keys to adopt.
        left: Key to why no program can declare it.
        program: The text of the program; empty where there is nothing to adopt.
    """

    names: Mapping[str, str]
    left: Mapping[str, str]
    program: str

    @property
    def commands(self) -> list[str]:
        """The commands that set the values; each asks for one, so that none is in the shell's history."""
        return [f"pulumi config set --secret {name}" for name in self.names.values()]


def adoption(
    rows: Iterable[Listed], org: Mapping[str, str], taken: Iterable[str], resources: Iterable[str]
) -> Adoption:
    """Plan the adoption of the keys that nobody manages.

    Args:
        rows: The keys of the org.
        org: The one input that names the org, `org` or `org_id`.
        taken: Names that stand in the stack's config already.
        resources: Names that the stack's resources have already.
    """
    free = [one.key for one in rows if one.manager in {Manager.NOBODY, Manager.UNKNOWN}]
    left = {key: reason for key in free if (reason := key_problem(key)) is not None}
    names = config_names([key for key in free if key not in left], taken)
    return Adoption(names, left, program(org, names, resources) if names else "")


def adopt(
    org: OrgName = None,
    org_id: OrgId = None,
    stack: StackName = None,
    cwd: Folder = None,
    as_json: AsJson = False,
    allow_insecure: AllowInsecure = False,
) -> None:
    """Write the program that brings the existing keys of an org under Pulumi.

    The program goes to stdout, the commands that set its values to stderr: `influx-secrets adopt --org acme >
    adopted.py`. Each of the commands asks for a value; the server never returns one. When the values are the right
    ones, `pulumi up` adopts the keys. Credentials of notification endpoints, and keys that the stack of this folder
    manages, are left out: so add the program to the one that the stack has. The token needs to read the org and its
    secrets; nothing is written to the server.
    """
    inputs = given(org, org_id, allow_insecure=allow_insecure)
    with waiting("asking the server"), connected(inputs) as connection:
        keys = connection.client.list_secret_keys(connection.org_id)
    with waiting("asking Pulumi for the stack"):
        found = stack_here(stack, cwd)
    rows = listed(keys, connection.org_id, found.managed if found else None)
    named = {"org_id": connection.org_id} if connection.org is None else {"org": connection.org}
    plan = adoption(rows, named, found.config if found else (), found.resources if found else ())
    if as_json:
        print_json(
            {
                "org_id": connection.org_id,
                "org": connection.org,
                "keys": [{"key": key, "config": name} for key, name in plan.names.items()],
                "left": [{"key": key, "reason": reason} for key, reason in plan.left.items()],
                "program": plan.program,
                "commands": plan.commands,
            }
        )
    else:
        _show(plan, managed=bool(found and found.managed))


def _show(plan: Adoption, *, managed: bool) -> None:
    for key, reason in plan.left.items():
        note(f'note: "{plain(key)}" is left out: {reason}')
    if not plan.names:
        note("note: there is nothing to adopt")
        return
    write(plan.program)
    if managed:
        note(
            "\nAdd this to the stack's program: in its place, it would remove the keys that the stack manages already."
        )
    note("\nSet the values; each command asks for one:\n")
    for command in plan.commands:
        note(f"  {command}")
    note(
        "\nThen `pulumi preview` says which keys `pulumi up` will adopt, and refuses a value that is not the server's."
    )
