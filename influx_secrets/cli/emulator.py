"""Command `emulator`: runs the command of the emulator."""

from __future__ import annotations

from typing import Final

import typer

from influx_secrets.cli.shared.console import Exit
from influx_secrets.emulator import __main__ as program

PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""All arguments are passed on as they are, `--help` too: the options are the emulator's."""


def emulator(context: typer.Context) -> None:
    """Start an InfluxDB for trials: orgs, tokens and secrets on a real socket, until Ctrl-C.

    The same as `python -m influx_secrets.emulator`; `influx-secrets emulator --help` shows its options.
    """
    if program.main(context.args):
        raise typer.Exit(Exit.ERROR)
