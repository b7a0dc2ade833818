"""Serialized transactions of one org, each of all that waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from influx_secrets._errors import InfluxSecretsError

V = TypeVar("V")


class GroupCommit(Generic[V]):
    """Changes of one kind: while a transaction is under way others queue, and the next takes all of them.

    Args:
        turn: Held during a transaction. Both kinds of one org share it: a Vault store fails one of two that overlap.
        send: Sends one transaction.
    """

    def __init__(self, turn: threading.Lock, send: Callable[[Mapping[str, V]], None]) -> None:
        self._turn = turn
        self._send = send
        self._lock = threading.Lock()
        self._queued: _Batch[V] = _Batch()

    @property
    def pending(self) -> int:
        """How many threads wait for the next transaction."""
        return self._queued.members

    def commit(self, items: Mapping[str, V]) -> None:
        """Send the items, by key, with those that other threads send meanwhile, which are of other keys.

        If a transaction of several threads fails, each sends its own, and so gets its own error.
        """
        with self._lock:
            batch = self._queued
            batch.items |= items
            batch.members += 1
            leads = batch.members == 1
        if leads:
            self._lead(batch)
        batch.done.wait()
        if not batch.sent:
            with self._turn:
                self._send(items)

    def _lead(self, batch: _Batch[V]) -> None:
        with self._turn:
            with self._lock:
                self._queued = _Batch()
            try:
                self._send(batch.items)
                batch.sent = True
            except InfluxSecretsError:
                if batch.members == 1:
                    raise
            finally:
                batch.done.set()


class _Batch(Generic[V]):
    def __init__(self) -> None:
        self.items: dict[str, V] = {}
        self.members = 0
        self.sent = False
        self.done = threading.Event()
