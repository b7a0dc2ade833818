"""Command `usage`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final

import typer

from influx_secrets._client.readers import PERMISSIONS, Endpoint, Reader
from influx_secrets._model.keys import is_server_owned
from influx_secrets.cli.shared.connection import AllowInsecure, AsJson, OrgId, OrgName, Target, connected
from influx_secrets.cli.shared.console import (
    exit_if_found,
    fail_on_option,
    note,
    parse_fail_on,
    print_json,
    print_table,
    progress,
    waiting,
)
from influx_secrets.cli.shared.inventory import LEFT_OVER, abandoned, reader_json, server_text, titles
from influx_secrets.cli.shared.stacks import Folder, StackName
from influx_secrets.cli.shared.untrusted import visible
from influx_secrets.cli.usage.readers import Readers, find_readers


class State(str, Enum):
    """What is known of a key."""

    MISSING = "missing"
    """Something reads it, and it does not exist."""
    UNREAD = "unread"
    """Nothing reads it by its name."""
    UNKNOWN = "unknown"
    """Nothing that is listed reads it by its name; readers of some kind may be hidden from the token."""
    POSSIBLE = "possible"
    """A script contains it as a string, and reads a key that it does not spell out."""
    READ = "read"
    SERVER = "server"
    """The credential of a notification endpoint, which the server itself uses."""
    LEFTOVER = "leftover"
    """The credential of a notification endpoint that was deleted; nothing that is listed reads it."""


_GATES: Final = (State.MISSING, State.UNREAD, State.UNKNOWN)
"""What `--fail-on` can name."""


@dataclass(frozen=True, slots=True)
class Use:
    """A key and its readers."""

    key: str
    state: State
    readers: tuple[Reader, ...]


def uses(keys: Iterable[str], found: Readers, gone: Collection[str] = ()) -> list[Use]:
    """Return every key that exists (`keys`) or is read, sorted by its state, then by its name."""
    there = frozenset(keys)
    order = list(State)
    every = [_use(key, there, found, gone) for key in there | found.by_key.keys()]
    return sorted(every, key=lambda use: (order.index(use.state), use.key))


def _use(key: str, there: frozenset[str], found: Readers, gone: Collection[str]) -> Use:
    readers = found.by_key.get(key, ())
    if key not in there:
        return Use(key, State.MISSING, readers)
    if is_server_owned(key):
        return Use(key, State.LEFTOVER if key in gone and not readers else State.SERVER, readers)
    if readers:
        return Use(key, State.READ, readers)
    if key in found.possible:
        return Use(key, State.POSSIBLE, found.possible[key])
    return Use(key, State.UNKNOWN if found.unseen else State.UNREAD, ())


def usage(
    org: OrgName = None,
    org_id: OrgId = None,
    fail_on: Annotated[list[str] | None, fail_on_option(_GATES, "if there is such a key, or such a reader")] = None,
    stack: StackName = None,
    cwd: Folder = None,
    as_json: AsJson = False,
    allow_insecure: AllowInsecure = False,
) -> None:
    """Show which tasks, checks, notification rules and endpoints read which secret.

    Also shows which key is read but missing, and which none of them reads. Dashboards and programs elsewhere that run
    Flux are not looked at. The token needs to read the org, its secrets, and all of these; nothing is written.
    """
    wanted = parse_fail_on(fail_on, _GATES)
    target = Target(org, org_id, allow_insecure, stack, cwd)
    with connected(target) as (client, found_id):
        with waiting("asking for keys and their readers"):
            keys = client.list_secret_keys(found_id)
        found = find_readers(client, found_id, progress("parsing scripts"))
        gone = abandoned(client, keys, (one for one in found.all if isinstance(one, Endpoint)))
    used = uses(keys, found, gone)
    if as_json:
        print_json({"org_id": found_id, "org": target.settings.org, **_document(used, found)})
    else:
        _show(used, found)
    if found.unseen:
        shown = " and no ".join(found.unseen)
        note(f"note: the server shows no {shown}: there is none, or the token lacks {found.permissions}")
    exit_if_found(_gates(used, found), wanted)


def _gates(used: list[Use], found: Readers) -> Mapping[State, int]:
    states = [use.state for use in used]
    return {
        State.UNKNOWN: len(found.unknown) + states.count(State.UNKNOWN),
        State.MISSING: states.count(State.MISSING),
        # What may be unread does not pass either.
        State.UNREAD: states.count(State.UNREAD) + states.count(State.UNKNOWN),
    }


def _document(used: list[Use], found: Readers) -> dict[str, Any]:
    kinds = [reader.kind for reader in found.all]
    return {
        **{f"{kind}s": kinds.count(kind) for kind in PERMISSIONS},
        "keys": [
            {"key": use.key, "state": use.state.value, "readers": [reader_json(one) for one in use.readers]}
            for use in used
        ],
        "unknown": list(map(reader_json, found.unknown)),
    }


def _show(used: list[Use], found: Readers) -> None:
    if used:
        print_table(("KEY", "STATE", "READ BY"), [(visible(use.key), use.state.value, _read_by(use)) for use in used])
    for script in found.unknown:
        typer.echo(f"{script.title} reads a key that its script does not spell out: it may be any of them")


def _read_by(use: Use) -> str:
    if use.state is State.SERVER:
        return server_text(use.readers)
    if use.state is State.LEFTOVER:
        return LEFT_OVER
    readers = titles(use.readers) or "-"
    return f"possibly {readers}" if use.state is State.POSSIBLE else readers
