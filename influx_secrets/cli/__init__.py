"""Command `influx-secrets`. It needs the extra `cli` of the package (Typer, Rich)."""

from __future__ import annotations

import sys

__all__ = ["main"]

_NEEDED = frozenset({"click", "rich", "typer"})


def main() -> None:
    """Run the command with the arguments of the process, and end the process with its exit code."""
    try:
        from influx_secrets.cli.app import make_app  # noqa: PLC0415 (an extra, which may be missing)
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        sys.stderr.write(
            f"error: cannot start influx-secrets: the package {error.name} is missing. In the same environment, run "
            "`python -m pip install 'influx_secrets[cli]'` (IS717)\n"
        )
        sys.exit(2)
    except KeyboardInterrupt:
        # While Python imports; a running command handles its own.
        sys.exit(130)
    make_app()()
