"""The command line as a whole: which commands there are, and how an error is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from influx_secrets._transport import user_agent
from influx_secrets.cli._console import shown_errors


def make_app() -> typer.Typer:
    """Return the command line; each command stands in a file of its own."""
    app = typer.Typer(name="influx-secrets", no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(_influx_secrets)
    commands: tuple[Callable[..., None], ...] = ()
    for command in commands:
        app.command()(shown_errors(command))
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
