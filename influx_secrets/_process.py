"""What lives as long as the provider process: the ledgers, and the way to the user's terminal."""

from __future__ import annotations

import sys
import threading

from influx_secrets._ledger import Ledger
from influx_secrets._lifeline import end_with_the_engine
from influx_secrets._settings import Settings


class Ledgers:
    """The ledgers of one process, one for each server and way of asking it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ledgers: dict[Settings, Ledger] = {}

    def of(self, settings: Settings) -> Ledger:
        """Return the ledger for these settings; the two kinds of resource of one provider share it."""
        with self._lock:
            if not self._ledgers:
                end_with_the_engine()
            if settings not in self._ledgers:
                self._ledgers[settings] = Ledger(settings, say_on_stderr)
            return self._ledgers[settings]


def say_on_stderr(line: str) -> None:
    """Show a line to the user: the engine shows what a provider or a program writes there, in previews too."""
    sys.stderr.write(f"influx-secrets: {line}\n")
    sys.stderr.flush()


PROCESS = Ledgers()
"""The one store of this package that lives as long as the process: the engine makes the provider objects by itself."""
