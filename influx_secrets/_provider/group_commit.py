"""Serialized transactions of one org, each of all that waits."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

from influx_secrets._errors import InfluxSecretsError

V = TypeVar("V")

MOST_SECONDS: Final = 0.05
"""The longest wait for those that the last transaction answered, which may have no more to send.

Until the engine sends the next calls, it took 20 ms for 8 of them, and 40 ms for 64 (Pulumi 3.274.1, two cores).
"""

PAUSE_SECONDS: Final = (0.005, 0.02)
"""The wait ends earlier when nobody came for a third of the last transaction: the least and the most of that third.

Without checkpoints the calls come 1 to 3 ms after each other, with them 10 ms and more (Pulumi 3.274.1, two cores).
"""

FIRST_PAUSE_SECONDS: Final = 0.001
"""This pause before the first transaction, which is the only one of most orgs: the calls of a destroy come together."""


class GroupCommit(Generic[V]):
    """Changes of one kind: while a transaction is under way others queue, and the next takes all of them.

    Before it goes, it waits a moment for as many as the last one had and left waiting: the calls that it answered are
    about to be followed by the next ones. The first waits until no thread came for a millisecond.

    Args:
        turn: Held during a transaction. Both kinds of one org share it: a Vault store fails one of two that overlap.
        send: Sends one transaction.
    """

    def __init__(self, turn: threading.Lock, send: Callable[[Mapping[str, V]], None]) -> None:
        self._turn = turn
        self._send = send
        self._arrived = threading.Condition()
        self._expected = math.inf
        self._pause = FIRST_PAUSE_SECONDS
        self._queued: _Batch[V] = _Batch()

    @property
    def pending(self) -> int:
        """How many threads wait for the next transaction."""
        return self._queued.members

    def commit(self, items: Mapping[str, V]) -> None:
        """Send the items, by key, with those that other threads send meanwhile, which are of other keys.

        If a transaction of several threads fails, each sends its own, and so gets its own error.
        """
        with self._arrived:
            batch = self._queued
            batch.items |= items
            batch.members += 1
            leads = batch.members == 1
            if batch.members == self._expected:
                self._arrived.notify_all()
        if leads:
            self._lead(batch)
        batch.done.wait()
        if not batch.sent:
            with self._turn:
                self._send(items)

    def _lead(self, batch: _Batch[V]) -> None:
        with self._turn:
            with self._arrived:
                self._await_members(batch)
                self._queued = _Batch()
            started = time.monotonic()
            try:
                self._send(batch.items)
                batch.sent = True
            except InfluxSecretsError:
                if batch.members == 1:
                    raise
            finally:
                lasted = time.monotonic() - started
                self._pause = min(max(lasted / 3, PAUSE_SECONDS[0]), PAUSE_SECONDS[1])
                self._expected = batch.members + self.pending
                batch.done.set()

    def _await_members(self, batch: _Batch[V]) -> None:
        latest = time.monotonic() + MOST_SECONDS
        seen = 0
        while seen < batch.members < self._expected and (left := latest - time.monotonic()) > 0:
            seen = batch.members
            self._arrived.wait_for(lambda: batch.members >= self._expected, min(self._pause, left))


class _Batch(Generic[V]):
    def __init__(self) -> None:
        self.items: dict[str, V] = {}
        self.members = 0
        self.sent = False
        self.done = threading.Event()
