"""The latch that a removal waits on until all resources were checked."""

from __future__ import annotations

import threading
from typing import Final

PATIENCE_SECONDS: Final = 2.0
"""How long a removal waits for the next `check`; in one program they come within milliseconds of each other."""


class CheckLatch:
    """Counts the resources that `check` has seen, against the number that the program declares.

    Args:
        max_waiters: How many threads may wait; one of those that serve the engine has to be free for a `check`.
        patience: How long to wait for the next one, in seconds.
    """

    def __init__(self, max_waiters: int, patience: float = PATIENCE_SECONDS) -> None:
        self._max_waiters = max_waiters
        self._patience = patience
        self._changed = threading.Condition()
        self._arrived: set[str] = set()
        self._expected = 0
        self._waiters = 0

    def arrive(self, resource: str, expected: int) -> None:
        """Count a resource that is checked, and note how many its program declares."""
        with self._changed:
            self._arrived.add(resource)
            self._expected = max(self._expected, expected)
            self._changed.notify_all()

    @property
    def arrived(self) -> bool:
        """Whether any resource was checked: not in a refresh nor in a destroy."""
        return bool(self._arrived)

    def wait(self) -> None:
        """Wait until every resource of the program was checked, so that a key which moves is claimed by its new owner.

        The program tells which keys are declared elsewhere, as far as it knows; this is for orgs and keys that are
        outputs. The wait for a resource that is not checked meanwhile (it depends on the caller, or on something slow,
        or is outside `--target`) is short.
        """
        with self._changed:
            if self._waiters >= self._max_waiters:
                return
            self._waiters += 1
            try:
                while len(self._arrived) < self._expected and self._changed.wait(self._patience):
                    pass
            finally:
                self._waiters -= 1
