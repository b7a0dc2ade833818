"""The command line with all commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from influx_secrets._client.transport import user_agent
from influx_secrets.cli.adopt.command import adopt
from influx_secrets.cli.doctor.command import doctor
from influx_secrets.cli.emulator import PASS_ON, emulator
from influx_secrets.cli.list import list_keys
from influx_secrets.cli.review.command import review
from influx_secrets.cli.shared.console import handle_errors
from influx_secrets.cli.usage.command import usage


def make_app() -> typer.Typer:
    """Return the command line."""
    app = typer.Typer(
        name="influx-secrets", no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False
    )
    app.callback()(_influx_secrets)
    commands: dict[str, Callable[..., None]] = {
        "review": review,
        "list": list_keys,
        "usage": usage,
        "doctor": doctor,
        "adopt": adopt,
    }
    for name, command in commands.items():
        app.command(name)(handle_errors(command))
    app.command("emulator", context_settings=dict(PASS_ON), add_help_option=False)(handle_errors(emulator))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(user_agent().replace("/", " "))
        raise typer.Exit


def _influx_secrets(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Review, check and find the secrets of InfluxDB OSS v2 orgs that Pulumi programs declare."""
