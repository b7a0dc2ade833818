"""Options that select server and org, and the connection to them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final

import typer

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Found, Given, gather
from influx_secrets._errors import DeclarationError
from influx_secrets._model.setting_names import INPUTS
from influx_secrets.cli.shared.console import note, waiting
from influx_secrets.cli.shared.stacks import Config, Folder, StackError, StackName, read_config
from influx_secrets.cli.shared.untrusted import visible_message

OrgName = Annotated[
    str | None,
    typer.Option(
        "--org", metavar="NAME", help="Name of the org. Default: that of the stack's config, else INFLUX_ORG."
    ),
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

_OF_STACKS: Final = frozenset(
    {"url", "org", "org_id", "ca_file", "skip_verify", "allow_insecure", "token_variable", "profile"}
)
"""The fields that are read from the config of a stack; its token is secret, and its timeouts are not for terminals."""


@dataclass(frozen=True)
class Target:
    """The options that select server and org, completed by the config of the stack.

    There is no option for the token, because other users of a machine can see the arguments of its processes. There is
    none for the url, because the token of the environment would go to a server that it does not belong to.
    """

    org: str | None = None
    org_id: str | None = None
    allow_insecure: bool = False
    stack: str | None = None
    folder: Path | None = None

    @cached_property
    def config(self) -> Config | None:
        """The config of the stack; None where there is none."""
        with waiting("asking Pulumi for the config of the stack"):
            return read_config(self.stack, self.folder)

    @cached_property
    def inputs(self) -> Given:
        """The inputs of `Settings.resolve`."""
        if self.org is not None and self.org_id is not None:
            raise DeclarationError("--org and --org-id are both given: remove one of them (IS702)")
        options = {
            "org": (self.org, "--org"),
            "orgId": (self.org_id, "--org-id"),
            "allowInsecure": (self.allow_insecure or None, "--allow-insecure"),
        }
        given = {name: Found(value, source) for name, (value, source) in options.items() if value is not None}
        stored = _of_stack(self.config or {})
        if given.keys() & {"org", "orgId"}:
            stored = {name: value for name, value in stored.items() if name not in {"org", "orgId"}}
        return {"maxAttempts": _ATTEMPTS, **stored, **given}

    @cached_property
    def settings(self) -> Settings:
        """The settings; the first look at them names the server on stderr."""
        settings = Settings.resolve(self.inputs)
        note(f"server: {settings.url}, {source(gather(self.inputs, os.environ), 'url')}")
        return settings


def with_target(command: Callable[[Target, bool], None]) -> Callable[..., None]:
    """Return a command with the options that select server, org and stack, and `--json`."""

    def call(
        org: OrgName = None,
        org_id: OrgId = None,
        stack: StackName = None,
        cwd: Folder = None,
        as_json: AsJson = False,
        allow_insecure: AllowInsecure = False,
    ) -> None:
        command(Target(org, org_id, allow_insecure, stack, cwd), as_json)

    call.__doc__ = command.__doc__
    return call


@contextlib.contextmanager
def connected(target: Target) -> Iterator[tuple[SecretsClient, str]]:
    """Name the server on stderr, connect to it, find the org, and yield the client and the id of the org."""
    with SecretsClient(target.settings) as client:
        settings = client.settings
        if settings.org_id is None and settings.org is None:
            raise DeclarationError("no org is given: use --org or --org-id, or set INFLUX_ORG (IS703)")
        with waiting("asking the server"):
            org_id = settings.org_id or client.find_org(settings.org or "").id
        yield client, org_id


def source(found: Mapping[str, Found], field: str) -> str:
    """Return where a setting comes from."""
    return f"from {visible_message(found[field].source)}" if field in found else "the default"


def _of_stack(config: Config) -> dict[str, Found]:
    found = {}
    for setting in INPUTS:
        entry = config.get(setting.config_key)
        if entry is None or setting.field not in _OF_STACKS or entry.get("value") == "":
            continue
        if entry.get("secret") or not isinstance(entry.get("value"), str):
            raise StackError(
                f"cannot read {setting.config_key}: the value is encrypted in the stack's config, and this command "
                f"decrypts nothing. Run `pulumi config set --plaintext {setting.config_key} VALUE` (IS704)"
            )
        found[setting.input] = Found(entry["value"], f"{setting.config_key} in the stack's config")
    return found
