"""Which resources of a program were checked so far, so that a removal can wait for one that may take a key over."""

from __future__ import annotations

import threading
from typing import Final

PATIENCE_SECONDS: Final = 2.0
"""How long a removal waits for the next `check`; in one program they come within milliseconds of each other."""

MOST_WAITING: Final = 3
"""The SDK's provider process serves four calls at a time, and one has to be free for a `check`."""


class Arrivals:
    """Counts the resources that `check` has seen, against the number that the program declares.

    Args:
        patience: How long to wait for the next one, in seconds.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._arrived: set[str] = set()
        self._expected = 0
        self._waiting = 0

    def note(self, resource: str, expected: int) -> None:
        """Note that a resource was checked, and how many its program declares."""
        with self._changed:
            self._arrived.add(resource)
            self._expected = max(self._expected, expected)
            self._changed.notify_all()

    def wait(self) -> None:
        """Wait until every resource of the program was checked, so that a key which moves is claimed by its new owner.

        The program itself tells which keys are declared elsewhere, as far as it knows; this is for orgs and keys that
        are outputs. A resource that does not come while this call waits (it depends on the caller, or on something
        slow, or is outside `--target`) is not waited for long.
        """
        with self._changed:
            if self._waiting >= MOST_WAITING:
                return
            self._waiting += 1
            try:
                while len(self._arrived) < self._expected and self._changed.wait(self._patience):
                    pass
            finally:
                self._waiting -= 1
