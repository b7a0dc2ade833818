"""One write to an org at a time; what others want written meanwhile goes as one transaction, in the next turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from influx_secrets._errors import InfluxSecretsError


class Writes:
    """The writes of one process to one org.

    Attributes:
        turn: Held by who changes the org: a Vault store fails one of two changes that overlap.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: _Batch | None = None

    def write(self, values: Mapping[str, str], send: Callable[[Mapping[str, str]], None]) -> None:
        """Send the values, joined with those that other threads want to send while it is not their turn yet.

        A joined transaction that fails is nobody's fault, or one's alone: then each sends its own, and sees its own
        error.

        Args:
            values: Key to value; no other thread writes one of the keys at the same time.
            send: Sends one transaction.
        """
        batch, leads = self._join(values)
        if leads:
            with self.turn:
                self._close()
                try:
                    if batch.writers == 1:
                        send(values)
                    else:
                        batch.send(send)
                finally:
                    batch.done.set()
        batch.done.wait()
        if batch.writers > 1 and not batch.written:
            with self.turn:
                send(values)

    def _join(self, values: Mapping[str, str]) -> tuple[_Batch, bool]:
        with self._lock:
            leads = self._waiting is None
            batch = self._waiting = self._waiting or _Batch()
            batch.values |= values
            batch.writers += 1
            return batch, leads

    def _close(self) -> None:
        with self._lock:
            self._waiting = None


class _Batch:
    """What goes in one turn."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.writers = 0
        self.written = False
        self.done = threading.Event()

    def send(self, send: Callable[[Mapping[str, str]], None]) -> None:
        try:
            send(self.values)
        except InfluxSecretsError:
            return
        self.written = True
