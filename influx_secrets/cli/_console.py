"""What every command shares: where it writes, and how an error of ours becomes one line and an exit code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from enum import IntEnum
from typing import ParamSpec, TypeVar

import typer

from influx_secrets._errors import InfluxSecretsError

P = ParamSpec("P")
R = TypeVar("R")


class Exit(IntEnum):
    """The exit codes of all commands, for scripts and CI."""

    OK = 0
    #: The command did its work, and found what the caller asked to be told of (`--fail-on`, a failed check).
    FOUND = 1
    #: The command could not do its work: wrong arguments, no server, no Pulumi.
    ERROR = 2


def shown_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Show an error of this package as one line on stderr; any other exception is a bug, and shows its traceback."""

    @functools.wraps(command)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InfluxSecretsError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(Exit.ERROR) from None

    return call
