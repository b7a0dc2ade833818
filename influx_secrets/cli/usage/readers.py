"""Who reads which secret of an org: its tasks and checks, as the server has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from influx_secrets._client.client import FluxScript, SecretsClient
from influx_secrets._errors import InvalidError
from influx_secrets.cli.usage.flux_ast import Reads, may_read, reads

Follow: TypeAlias = Callable[[Sequence[FluxScript]], Iterable[FluxScript]]
"""Passes scripts through one by one, so that somebody can see how far the work is."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads what in an org.

    Attributes:
        scripts: All tasks and checks that the server shows the token.
        by_key: Key to those that read it, by name in the script; only keys that are read.
        unknown: Those that read some key which cannot be told from the script, or whose script cannot be parsed.
    """

    scripts: tuple[FluxScript, ...]
    by_key: Mapping[str, tuple[FluxScript, ...]]
    unknown: tuple[FluxScript, ...]

    @property
    def unseen(self) -> tuple[str, ...]:
        """Of "task" and "check", those that the server shows none of: there is none, or the token may not read them."""
        return tuple(kind for kind in ("task", "check") if all(script.kind != kind for script in self.scripts))


def find_readers(client: SecretsClient, org_id: str, follow: Follow = lambda scripts: scripts) -> Readers:
    """Ask for an org's tasks and checks, and let the server parse those that may read a secret.

    A token that may not read tasks or checks is shown none of them, without an error (influxd 2.9.1).

    Raises:
        InfluxSecretsError: The server gave no usable answer.
    """
    scripts = (*client.list_tasks(org_id), *client.list_checks(org_id))
    by_key: dict[str, list[FluxScript]] = {}
    unknown = []
    for script in follow([script for script in scripts if may_read(script.flux)]):
        found = _reads(client, script)
        for key in found.keys:
            by_key.setdefault(key, []).append(script)
        if found.unknown:
            unknown.append(script)
    return Readers(scripts, {key: tuple(some) for key, some in by_key.items()}, tuple(unknown))


def _reads(client: SecretsClient, script: FluxScript) -> Reads:
    try:
        return reads(client.parse_flux(script.flux))
    except InvalidError:
        # The server stores no task that it cannot parse, but the query of a check may come from anywhere.
        return Reads(unknown=True)
