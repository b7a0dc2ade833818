"""One change of an org at a time; what others want changed meanwhile goes as one transaction, in the next turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

from influx_secrets._errors import InfluxSecretsError

V = TypeVar("V")

MOST_PATIENCE_SECONDS: Final = 0.1
"""Much longer than the engine takes to ask for the next change, and short beside any wait that a person notices."""

PATIENCE_IN_TURNS: Final = 3
"""How many times as long as the last transaction took a turn waits for others, at most."""


class Turns:
    """The changes that one process makes to one org: a Vault store fails one of two that overlap.

    Args:
        clock: Tells seconds.
        patience: How long a turn waits at most for others to join it, in seconds.

    Attributes:
        writes: Key to value.
        removals: Key to nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, patience: float = MOST_PATIENCE_SECONDS) -> None:
        turn = threading.Lock()
        self.writes: Joint[str] = Joint(turn, clock, patience)
        self.removals: Joint[None] = Joint(turn, clock, patience)


class Joint(Generic[V]):
    """Changes of one kind, which can go together.

    Args:
        turn: Held by who changes the org.
        clock: Tells seconds.
        patience: How long a turn waits at most for others to join it, in seconds.
    """

    def __init__(self, turn: threading.Lock, clock: Callable[[], float], patience: float) -> None:
        self._turn = turn
        self._clock = clock
        self._most_patience = patience
        self._changed = threading.Condition()
        self._waiting: _Batch[V] | None = None
        self._under_way = 0
        self._expected = 1
        self._patience = 0.0

    def change(self, items: Mapping[str, V], send: Callable[[Mapping[str, V]], None]) -> None:
        """Send the items, joined with those that other threads want to send while it is not their turn yet.

        A joined transaction that fails is nobody's fault, or one's alone: then each sends its own, and sees its own
        error.

        Args:
            items: By key; no other thread changes one of the keys at the same time.
            send: Sends one transaction.
        """
        with self._counted():
            batch, leads = self._join(items)
            if leads:
                try:
                    with self._turn:
                        self._close(batch)
                        self._send(batch, send)
                finally:
                    batch.done.set()
            batch.done.wait()
            if not batch.sent:
                with self._turn:
                    send(items)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changed:
            self._under_way += 1
            self._expected = max(self._expected, self._under_way)
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1

    def _join(self, items: Mapping[str, V]) -> tuple[_Batch[V], bool]:
        with self._changed:
            leads = self._waiting is None
            batch = self._waiting = self._waiting or _Batch()
            batch.items |= items
            batch.members += 1
            self._changed.notify_all()
            return batch, leads

    def _close(self, batch: _Batch[V]) -> None:
        """Let nobody join any more, after a moment for as many as were seen together.

        Those of the last turn have just had their answer, and what the engine asks next is on its way: near a server
        that takes longer than a transaction. The moment is not much longer than one, so that waiting in vain, after
        which fewer are expected, costs little.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: batch.members >= self._expected, self._patience):
                self._expected = batch.members
            self._waiting = None

    def _send(self, batch: _Batch[V], send: Callable[[Mapping[str, V]], None]) -> None:
        begun = self._clock()
        try:
            send(batch.items)
            batch.sent = True
        except InfluxSecretsError:
            if batch.members == 1:
                batch.sent = True
                raise
        finally:
            self._patience = min(PATIENCE_IN_TURNS * (self._clock() - begun), self._most_patience)


class _Batch(Generic[V]):
    """What goes in one turn."""

    def __init__(self) -> None:
        self.items: dict[str, V] = {}
        self.members = 0
        self.sent = False
        self.done = threading.Event()
