"""Which tasks, checks, notification rules and endpoints of an org read which key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from influx_secrets._client.client import FluxScript, SecretsClient
from influx_secrets._client.readers import PERMISSIONS, Reader
from influx_secrets._errors import InvalidError
from influx_secrets.cli.usage.flux_ast import Reads, may_read, reads

T = TypeVar("T")
Follow: TypeAlias = Callable[[Sequence[FluxScript]], Iterable[FluxScript]]
"""Passes scripts through one by one, to show progress."""


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers of an org's keys.

    Attributes:
        all: All tasks, checks, rules and endpoints that the server shows the token.
        by_key: Key to the readers that name it; only keys that are read.
        possible: Key to the scripts that possibly read it: they contain it as a string, and read unknown keys.
        unknown: Scripts that read a key which the script does not spell out, or that cannot be parsed.
    """

    all: tuple[Reader, ...]
    by_key: Mapping[str, tuple[Reader, ...]]
    possible: Mapping[str, tuple[FluxScript, ...]]
    unknown: tuple[FluxScript, ...]

    @property
    def unseen(self) -> tuple[str, ...]:
        """The kinds that the server lists none of: none exists, or the token may not read it."""
        return tuple(kind for kind in PERMISSIONS if kind not in {reader.kind for reader in self.all})

    @property
    def permissions(self) -> str:
        """The permissions that the token lacks if some of the unseen kinds exist."""
        return ", ".join(f'"{PERMISSIONS[kind]}"' for kind in self.unseen)


def find_readers(client: SecretsClient, org_id: str, follow: Follow = lambda scripts: scripts) -> Readers:
    """List an org's tasks, checks, rules and endpoints, and let the server parse the scripts that may read a secret.

    influxd 2.9.1 lists none, without an error, for a token that may not read them.
    """
    tasks, checks, alerts = client.list_tasks(org_id), client.list_checks(org_id), client.list_alerts(org_id)
    scripts = (*tasks, *checks, *alerts.rules)
    by_key: dict[str, list[Reader]] = {}
    for endpoint in alerts.endpoints:
        for key in endpoint.keys:
            by_key.setdefault(key, []).append(endpoint)
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
    return Readers((*scripts, *alerts.endpoints), _frozen(by_key), _frozen(possible), tuple(unknown))


def _frozen(found: Mapping[str, Iterable[T]]) -> dict[str, tuple[T, ...]]:
    return {key: tuple(readers) for key, readers in found.items()}


def _reads(client: SecretsClient, script: FluxScript) -> Reads:
    try:
        return reads(client.parse_flux(script.flux))
    except InvalidError:
        # The server stores no task that it cannot parse, but the query of a check may be anything.
        return Reads(unknown=True)
