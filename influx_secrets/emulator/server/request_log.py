"""The record of requests, for assertions. It holds methods, paths and keys; no values, no tokens."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the emulator got. Keys and paths only: it never holds a value or a token.

    Attributes:
        method: HTTP method.
        path: path and query as they were sent, undecoded.
        status: status of the answer; 0 where a fault let there be none.
        org: name of the org that it was about; empty where there is none.
        keys: secret keys that it named, in its order (PATCH, both deletes, `secrets.get` in a query).
        seconds: when it was answered, on the clock of `time.monotonic`.
        wrote: whether it changed secrets, or would have with other ones: a PATCH or delete that the API granted.
        fault: name of the fault that hit it, such as "Reset"; empty where none did.
    """

    method: str
    path: str
    status: int
    org: str
    keys: tuple[str, ...]
    seconds: float
    wrote: bool = False
    fault: str = ""


class RequestLog:
    """The requests so far, in the order of their answers; used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []

    def add(self, request: Request) -> None:
        """Remember one more."""
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._requests.clear()

    @property
    def requests(self) -> tuple[Request, ...]:
        """What was added and not forgotten."""
        with self._lock:
            return tuple(self._requests)
