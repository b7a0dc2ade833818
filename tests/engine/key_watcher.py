"""Lists the keys of orgs over and over, directly on the server, while Pulumi runs."""

from __future__ import annotations

import threading

import requests
from servers import InfluxdServer

_PAUSE_SECONDS = 0.001
"""Between two looks; a look itself takes about a millisecond. No pause at all would take a core from the engine."""


class KeyWatcher:
    """Watches orgs from a thread of its own for as long as the context lasts.

    Attributes:
        expected: The keys that have to be there, in one of the orgs; a test may replace the set.
        missing: The keys that were once not there.
        looks: How many good lists were seen.
    """

    def __init__(self, influxd: InfluxdServer, *orgs: str) -> None:
        self.expected: frozenset[str] = frozenset()
        self.missing: set[str] = set()
        self.looks = 0
        self._urls = [f"{influxd.url}/api/v2/orgs/{influxd.org_id(org)}/secrets" for org in orgs]
        self._token = influxd.token
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> KeyWatcher:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Token {self._token}"
            while not self._stop.wait(_PAUSE_SECONDS):
                # Before the list is asked for: what a test expects from now on may be on its way.
                expected = self.expected
                found: set[str] = set()
                for url in self._urls:
                    answer = session.get(url, timeout=10)
                    answer.raise_for_status()
                    found.update(answer.json()["secrets"])
                self.missing |= expected - found
                self.looks += 1
