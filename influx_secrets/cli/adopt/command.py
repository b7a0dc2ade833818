"""Command `adopt`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import typer

from influx_secrets._client.readers import Reader
from influx_secrets._model.keys import TOO_LONG_FOR_A_MAP, fits_a_map
from influx_secrets._model.validation import key_problem
from influx_secrets._text import quote
from influx_secrets.cli.adopt.program_text import config_names, program
from influx_secrets.cli.shared.connection import Target, with_target
from influx_secrets.cli.shared.console import note, print_json
from influx_secrets.cli.shared.inventory import Inventory, Manager, reader_json, take_inventory, titles
from influx_secrets.cli.shared.stacks import Stack


@dataclass(frozen=True, slots=True)
class Adoption:
    """How to adopt an org's keys.

    Attributes:
        names: Key to the name of its value in the stack's config, for the keys to adopt.
        left: Key to the reason why no program can declare it.
        program: The text of the program; empty where there is nothing to adopt.
        readers: Key to the notification endpoints and rules that read it, for keys that are read.
    """

    names: Mapping[str, str]
    left: Mapping[str, str]
    program: str
    readers: Mapping[str, tuple[Reader, ...]]

    @property
    def commands(self) -> list[str]:
        """The commands that set the values; each asks for one, so that none is in the shell's history."""
        return [f"pulumi config set --secret {name}" for name in self.names.values()]


def adoption(found: Inventory) -> Adoption:
    """Plan the adoption of the keys that nobody manages."""
    stack = found.stack or Stack()
    free = [one.key for one in found.keys if one.manager in {Manager.NOBODY, Manager.UNKNOWN}]
    reasons = {key: key_problem(key) or ("" if fits_a_map(key) else f"the key {TOO_LONG_FOR_A_MAP}") for key in free}
    left = {key: reason for key, reason in reasons.items() if reason}
    names = config_names([key for key in free if key not in left], stack.config)
    readers = {one.key: one.readers for one in found.keys if one.readers and one.key in names}
    org = {"org_id": found.org_id} if found.org is None else {"org": found.org}
    return Adoption(names, left, program(org, names, stack.resources) if names else "", readers)


@with_target
def adopt(target: Target, as_json: bool) -> None:
    """Write the program that brings the existing keys of an org under Pulumi.

    The program goes to stdout, the commands that set its values to stderr: `influx-secrets adopt --org acme >
    adopted.py`. Each of the commands asks for a value; the server never returns one. When the values are the right
    ones, `pulumi up` adopts the keys. Credentials of notification endpoints, and keys that the stack of this folder
    manages, are left out: so add the program to the one that the stack has. The token needs to read the org and its
    secrets; nothing is written to the server.
    """
    found = take_inventory(target)
    plan = adoption(found)
    if as_json:
        print_json(
            {
                "org_id": found.org_id,
                "org": found.org,
                "keys": [
                    {"key": key, "config": name, "readers": list(map(reader_json, plan.readers.get(key, ())))}
                    for key, name in plan.names.items()
                ],
                "left": [{"key": key, "reason": reason} for key, reason in plan.left.items()],
                "program": plan.program,
                "commands": plan.commands,
            }
        )
    else:
        _show(plan, found.stack)


def _show(plan: Adoption, stack: Stack | None) -> None:
    for key, reason in plan.left.items():
        note(f"note: {quote(key)} is left out: {reason}")
    if not plan.names:
        note("note: there is nothing to adopt")
        return
    typer.echo(plan.program.rstrip("\n"))
    for key, readers in plan.readers.items():
        note(f"note: {quote(key)} is read by {titles(readers)}")
    if stack is None:
        note("\nThere is no Pulumi program here, so a stack may manage these keys already: give --cwd or --stack.")
    elif stack.managed:
        note(
            "\nAdd this to the stack's program: in its place, it would remove the keys that the stack manages already."
        )
    note("\nSet the values; each command asks for one:\n")
    for command in plan.commands:
        note(f"  {command}")
    note(
        "\nThen `pulumi preview` says which keys `pulumi up` will adopt, and refuses a value that is not the server's."
    )
