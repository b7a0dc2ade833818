"""The command line with all commands."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from influx_secrets._client.transport import user_agent
from influx_secrets.cli.adopt.command import adopt
from influx_secrets.cli.doctor.command import doctor
from influx_secrets.cli.list import list_keys
from influx_secrets.cli.review.command import review
from influx_secrets.cli.shared.console import Exit, handle_errors
from influx_secrets.cli.usage.command import usage
from influx_secrets.emulator import __main__ as emulator_program

_PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""All arguments are passed on as they are, `--help` too: the options are the emulator's."""


def make_app() -> typer.Typer:
    """Return the command line."""
    app = typer.Typer(
        name="influx-secrets", no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False
    )
    app.callback()(_influx_secrets)
    app.command("review")(handle_errors(review))
    app.command("list")(handle_errors(list_keys))
    app.command("usage")(handle_errors(usage))
    app.command("doctor")(handle_errors(doctor))
    app.command("adopt")(handle_errors(adopt))
    app.command("emulator", context_settings=dict(_PASS_ON), add_help_option=False)(handle_errors(_emulator))
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


def _emulator(context: typer.Context) -> None:
    """Start an InfluxDB for trials: orgs, tokens and secrets on a real socket, until Ctrl-C.

    The same as `python -m influx_secrets.emulator`; `influx-secrets emulator --help` shows its options.
    """
    if emulator_program.main(context.args):
        raise typer.Exit(Exit.ERROR)
