"""The command `emulator`: passes its arguments on to the command of the emulator, which is a program of its own."""

from __future__ import annotations

from typing import Final

import typer

from influx_secrets.cli.shared.console import Exit
from influx_secrets.emulator import __main__ as program

#: Everything goes on as it is, `--help` too: the options are the emulator's, and so is their help.
PASS_ON: Final = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def emulator(context: typer.Context) -> None:
    """Start an InfluxDB for trials: orgs, tokens and secrets on a real socket, until Ctrl-C.

    The same as `python -m influx_secrets.emulator`; `influx-secrets emulator --help` shows its options.
    """
    if program.main(context.args):
        raise typer.Exit(Exit.ERROR)
