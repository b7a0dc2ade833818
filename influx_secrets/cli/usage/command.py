"""The command `usage`: which tasks and checks read which key, which key is missing, which nobody reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

import typer

from influx_secrets._client.client import FluxScript
from influx_secrets._model.keys import is_server_owned
from influx_secrets.cli.shared.connection import AllowInsecure, AsJson, OrgId, OrgName, connected, given
from influx_secrets.cli.shared.console import (
    chosen,
    completed,
    end_on,
    followed,
    note,
    plain,
    print_json,
    print_table,
    say,
    waiting,
)
from influx_secrets.cli.usage.readers import Readers, find_readers


class State(str, Enum):
    """What is known of a key."""

    #: A task or check reads it, and it is not there.
    MISSING = "missing"
    #: No task or check was seen to read it.
    UNREAD = "unread"
    #: A task or check reads it.
    READ = "read"
    #: The credential of a notification endpoint, which the server itself uses.
    SERVER = "server"


class Finding(str, Enum):
    """What `--fail-on` can name."""

    MISSING = "missing"
    UNREAD = "unread"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Use:
    """A key and who reads it."""

    key: str
    state: State
    readers: tuple[FluxScript, ...]


def uses(keys: Iterable[str], found: Readers) -> list[Use]:
    """Return every key that is there or is read, in the order of its state, and then of its name."""
    there = frozenset(keys)
    order = list(State)
    every = [Use(key, _state(key, there, found), found.by_key.get(key, ())) for key in there | found.by_key.keys()]
    return sorted(every, key=lambda use: (order.index(use.state), use.key))


def _state(key: str, there: frozenset[str], found: Readers) -> State:
    if key not in there:
        return State.MISSING
    if is_server_owned(key):
        return State.SERVER
    return State.READ if key in found.by_key else State.UNREAD


def usage(
    org: OrgName = None,
    org_id: OrgId = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST",
            autocompletion=completed(Finding),
            help=f"End with code 1 if there is such a key, or such a reader: {', '.join(Finding)}. "
            "Separated by commas, or repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
    allow_insecure: AllowInsecure = False,
) -> None:
    """Show which tasks and checks read which secret.

    Also shows which key is read but missing, and which none of them reads. Dashboards and programs elsewhere that run
    Flux are not looked at. The token needs to read the org, its secrets, its tasks and its checks; nothing is written.
    """
    wanted = chosen(fail_on, Finding)
    with connected(given(org, org_id, allow_insecure=allow_insecure)) as connection:
        client = connection.client
        with waiting("asking for keys, tasks and checks"):
            keys = client.list_secret_keys(connection.org_id)
        found = find_readers(client, connection.org_id, followed("parsing scripts"))
    used = uses(keys, found)
    if as_json:
        print_json({"org_id": connection.org_id, "org": connection.org, **_document(used, found)})
    else:
        _show(used, found)
    for kind in found.unseen:
        note(f'note: the server shows no {kind}: there is none, or the token may not read them ("read {kind}s")')
    there = Counter({Finding.UNKNOWN: len(found.unknown)}) + Counter(
        Finding(use.state.value) for use in used if use.state in (State.MISSING, State.UNREAD)
    )
    end_on([f"{number} {finding.value}" for finding, number in there.items() if finding in wanted])


def _document(used: list[Use], found: Readers) -> dict[str, Any]:
    return {
        "tasks": _count(found, "task"),
        "checks": _count(found, "check"),
        "keys": [
            {"key": use.key, "state": use.state.value, "readers": [_reader(one) for one in use.readers]} for use in used
        ],
        "unknown": [_reader(one) for one in found.unknown],
    }


def _reader(script: FluxScript) -> dict[str, Any]:
    return {"kind": script.kind, "id": script.id, "name": script.name, "active": script.active}


def _count(found: Readers, kind: str) -> int:
    return sum(script.kind == kind for script in found.scripts)


def _show(used: list[Use], found: Readers) -> None:
    if used:
        print_table(("KEY", "STATE", "READ BY"), [(plain(use.key), use.state.value, _read_by(use)) for use in used])
    for script in found.unknown:
        say(f"{named(script)} reads some key that its script does not spell out: it may be any of them")


def _read_by(use: Use) -> str:
    if use.state is State.SERVER:
        return ", ".join(["the server, for a notification endpoint", *map(named, use.readers)])
    return ", ".join(map(named, use.readers)) or "-"


def named(script: FluxScript) -> str:
    """Return what a task or check is called, for people."""
    return f'{script.kind} "{plain(script.name)}"' + ("" if script.active else " (inactive)")
