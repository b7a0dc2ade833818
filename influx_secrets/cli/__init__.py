"""The command `influx-secrets`, for a terminal and for CI. It needs the extra `cli` of the package (Typer, Rich)."""

from __future__ import annotations

import sys

__all__ = ["main"]

_NEEDED = frozenset({"click", "rich", "typer"})


def main() -> None:
    """Run the command with the arguments of the process, and end the process with its exit code."""
    try:
        from influx_secrets.cli.app import make_app  # noqa: PLC0415 (an extra, asked for where it is needed)
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        sys.exit("error: this command needs more packages: pip install 'influx_secrets[cli]'")
    except KeyboardInterrupt:
        # Between the start of Python and that of a command; a command has its own.
        sys.exit(130)
    make_app()()
