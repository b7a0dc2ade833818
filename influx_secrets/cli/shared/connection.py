"""Options that select server and org, and the connection to them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Raw
from influx_secrets._errors import DeclarationError

OrgName = Annotated[
    str | None,
    typer.Option("--org", metavar="NAME", help="Name of the org. Default: INFLUX_ORG, else the active profile's org."),
]
OrgId = Annotated[
    str | None,
    typer.Option("--org-id", metavar="ID", help="Id of the org, in place of its name. Default: INFLUX_ORG_ID."),
]
AllowInsecure = Annotated[
    bool,
    typer.Option("--allow-insecure", help="Allow plain http to another machine; the network then sees the token."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]

_ATTEMPTS: Final = 3
"""A person waits at a terminal: a server that is down is reported after about two seconds."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A client, and the org of the command; `org` is its name, where it was given by name."""

    client: SecretsClient
    org_id: str
    org: str | None


def given(org: str | None, org_id: str | None, *, allow_insecure: bool) -> dict[str, Raw | None]:
    """Return the options as the inputs of `Settings.resolve`.

    There is no option for the token, because other users of a machine can see the arguments of its processes. There is
    none for the url, because the token of the environment would go to a server that it does not belong to.
    """
    if org is not None and org_id is not None:
        raise DeclarationError("--org and --org-id are both given: give one of them")
    return {"org": org, "orgId": org_id, "allowInsecure": allow_insecure or None, "maxAttempts": _ATTEMPTS}


@contextlib.contextmanager
def connected(inputs: dict[str, Raw | None]) -> Iterator[Connection]:
    """Connect to the server of the environment or of the active profile of the influx CLI, and find the org.

    Raises:
        SettingsError: The settings cannot work.
        DeclarationError: No org is named.
        InfluxSecretsError: The org cannot be found.
    """
    settings = Settings.resolve(inputs)
    with SecretsClient(settings) as client:
        if settings.org_id is not None:
            yield Connection(client, settings.org_id, None)
        elif settings.org is not None:
            yield Connection(client, client.find_org(settings.org).id, settings.org)
        else:
            raise DeclarationError(
                "no org: give --org or --org-id, or set INFLUX_ORG; the config of a stack is not read here"
            )
