"""Which tasks and checks of an org read which key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from influx_secrets._client.client import FluxScript, SecretsClient
from influx_secrets._errors import InvalidError
from influx_secrets._text import quote
from influx_secrets.cli.usage.flux_ast import Reads, may_read, reads

Follow: TypeAlias = Callable[[Sequence[FluxScript]], Iterable[FluxScript]]
"""Passes scripts through one by one, to show progress."""


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers of an org's keys.

    Attributes:
        scripts: All tasks and checks that the server shows the token.
        by_key: Key to the scripts that read it by its name; only keys that are read.
        possible: Key to the scripts that possibly read it: they contain it as a string, and read unknown keys.
        unknown: Scripts that read a key which the script does not spell out, or that cannot be parsed.
    """

    scripts: tuple[FluxScript, ...]
    by_key: Mapping[str, tuple[FluxScript, ...]]
    possible: Mapping[str, tuple[FluxScript, ...]]
    unknown: tuple[FluxScript, ...]

    @property
    def unseen(self) -> tuple[str, ...]:
        """Of "task" and "check", the kinds that the server lists none of: none exists, or the token may not read it."""
        return tuple(kind for kind in ("task", "check") if all(script.kind != kind for script in self.scripts))


def find_readers(client: SecretsClient, org_id: str, follow: Follow = lambda scripts: scripts) -> Readers:
    """List an org's tasks and checks, and let the server parse those that may read a secret.

    influxd 2.9.1 lists no tasks or checks, without an error, for a token that may not read them.

    Raises:
        InfluxSecretsError: The server gave no usable answer.
    """
    scripts = (*client.list_tasks(org_id), *client.list_checks(org_id))
    by_key: dict[str, list[FluxScript]] = {}
    possible: dict[str, list[FluxScript]] = {}
    unknown = []
    for script in follow([script for script in scripts if may_read(script.flux)]):
        found = _reads(client, script)
        for key in found.keys:
            by_key.setdefault(key, []).append(script)
        for key in found.possible:
            possible.setdefault(key, []).append(script)
        if found.unknown:
            unknown.append(script)
    return Readers(scripts, _frozen(by_key), _frozen(possible), tuple(unknown))


def _frozen(found: Mapping[str, Iterable[FluxScript]]) -> dict[str, tuple[FluxScript, ...]]:
    return {key: tuple(scripts) for key, scripts in found.items()}


def _reads(client: SecretsClient, script: FluxScript) -> Reads:
    try:
        return reads(client.parse_flux(script.flux))
    except InvalidError:
        # The server stores no task that it cannot parse, but the query of a check may be anything.
        return Reads(unknown=True)


def named(script: FluxScript) -> str:
    """Return the kind and name of a task or check, for people."""
    return f"{script.kind} {quote(script.name)}" + ("" if script.active else " (inactive)")
