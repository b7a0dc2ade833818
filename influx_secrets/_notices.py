"""How a line reaches the user from a provider process or a program."""

from __future__ import annotations

import sys


def say_on_stderr(line: str) -> None:
    """Show a line to the user: the engine shows what a provider or a program writes there, in previews too."""
    sys.stderr.write(f"influx-secrets: {line}\n")
    sys.stderr.flush()
