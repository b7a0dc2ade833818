"""Circuit breaker and throttled notices, shared by all requests to one server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from influx_secrets._client.retry import Policy

NOTICE_SECONDS: Final = 60.0
"""A notice for the same reason is shown at most once in this time, however many requests wait."""


class CircuitBreaker:
    """Makes requests fail fast once one has used up all its attempts or all its time.

    The run has failed by then. Every other request, of which there may be thousands, gets one attempt, until a request
    of the same HTTP method gets a response: so the whole run ends soon after its first error.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open_for: set[str] = set()

    def policy(self, usual: Policy, *, attempt_seconds: float) -> Policy:
        """Return the policy of the next request; `attempt_seconds` limits its one attempt while the breaker is open."""
        return Policy(1, min(usual.total, attempt_seconds)) if self._open_for else usual

    def record(self, method: str, *, failed: bool) -> None:
        """Note a response, or that a request used up its attempts or its time.

        A server that responds to reads may still refuse each write: other methods stay open.
        """
        with self._lock:
            (self._open_for.add if failed else self._open_for.discard)(method)


class ThrottledNotices:
    """Shows the user that requests are tried again: once a minute and reason."""

    def __init__(self, notify: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._notify, self._clock = notify, clock
        self._lock = threading.Lock()
        self._shown: dict[str, float] = {}

    def show(self, reason: str, line: Callable[[], str]) -> None:
        """Show a line, unless one for the same reason was shown a moment ago.

        Args:
            reason: Without what differs from one time to the next.
            line: Makes the line.
        """
        with self._lock:
            now = self._clock()
            last = self._shown.get(reason)
            if last is not None and now - last < NOTICE_SECONDS:
                return
            self._shown[reason] = now
        self._notify(line())
