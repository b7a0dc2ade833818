"""What all requests to one server share of waiting: the user is told as it begins, and nobody waits again in vain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from influx_secrets._client.retry import Policy

TELL_AGAIN_SECONDS: Final = 60.0
"""The same reason is told once in so many seconds, however many requests wait for it."""


class Waiting:
    """The waiting of one run for one server, shared by its threads.

    When one request has used up all its attempts or all its time, the run has failed. The others, which may be
    thousands, then have one attempt each, no longer than an attempt bears silence, until a request of the same HTTP
    method is answered again: so the whole run ends soon after its first error.

    Args:
        tell: Shows one line to the user.
        clock: Returns seconds, for measuring.
    """

    def __init__(self, tell: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}
        self._in_vain: set[str] = set()

    def policy(self, usual: Policy) -> Policy:
        """Return how patient the next request is to be."""
        return replace(usual, max_attempts=1, total=min(usual.total, usual.timeout)) if self._in_vain else usual

    def begins(self, reason: str, line: Callable[[], str]) -> None:
        """Tell that a request failed and is tried again, unless the same reason was told a moment ago.

        Args:
            reason: Why, without what differs from one time to the next.
            line: Makes what is told.
        """
        with self._lock:
            now = self._clock()
            last = self._told.get(reason)
            if last is not None and now - last < TELL_AGAIN_SECONDS:
                return
            self._told[reason] = now
        self._tell(line())

    def ended(self, method: str, *, in_vain: bool) -> None:
        """Note how a request ended: all its attempts in vain, or with an answer.

        A server that answers reads may still refuse each write, so an answer says nothing about other methods.
        """
        with self._lock:
            if in_vain:
                self._in_vain.add(method)
            else:
                self._in_vain.discard(method)
