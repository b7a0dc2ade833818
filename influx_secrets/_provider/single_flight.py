"""Calls that threads share, and whose results are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class SingleFlight:
    """Lets one thread make a call; all that ask for the same get its result, and those that wait for it its error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[Hashable, Future[Any]] = {}

    def do(self, key: Hashable, call: Callable[[], T], *, keep: bool = True) -> T:
        """Return the result of the call, or of the one for the key that is under way, or was kept."""
        with self._lock:
            leads = key not in self._calls
            future: Future[T] = self._calls.setdefault(key, Future())
        if leads:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 (raised below, here and in every other thread)
                future.set_exception(error)
                keep = False
            with self._lock:
                if not keep and self._calls.get(key) is future:
                    del self._calls[key]
        return future.result()

    def kept(self, key: Hashable) -> Any:  # noqa: ANN401 (of any call)
        """Return the result that is kept for a key, or None."""
        future = self._calls.get(key)
        return future.result() if future is not None and future.done() and future.exception() is None else None

    def forget(self, key: Hashable) -> None:
        """Keep no result for a key, not even that of a call which is under way."""
        with self._lock:
            self._calls.pop(key, None)
