"""What lives as long as the provider process: the ledgers, and the way to the user's terminal."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Literal

from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Raw
from influx_secrets._model.serialization import CODECS, TYPE_PREFIX
from influx_secrets._notices import say_on_stderr
from influx_secrets._provider.handlers import Calls, one_line
from influx_secrets._provider.session import Ledger
from influx_secrets._provider.watchdog import end_with_the_engine


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


PROCESS = Ledgers()
"""The one store of this package that lives as long as the process: the engine makes the provider objects by itself."""


@one_line
def calls(kind: Literal["Secret", "OrgSecrets"], given: Mapping[str, Raw]) -> Calls:
    """Return what a provider does for one kind of resource, on the server of the settings.

    Raises:
        SettingsError: The settings cannot work.
    """
    return Calls(CODECS[f"{TYPE_PREFIX}{kind}"], PROCESS.of(Settings.resolve(given)))
