"""Calls that are shared by those who ask for the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class SingleFlight:
    """Lets one thread make a call; others that ask for the same meanwhile get its result, or its error.

    Nothing is remembered: the call stores what is worth it, and looks first whether another has just done so.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[Any]] = {}

    def do(self, key: Hashable, call: Callable[[], T]) -> T:
        """Return the result of the call, or of the one that is under way for the key."""
        with self._lock:
            future: Future[T] | None = self._under_way.get(key)
            leads = future is None
            if future is None:
                future = self._under_way[key] = Future()
        if leads:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 (raised below, here and in every other thread)
                future.set_exception(error)
            finally:
                with self._lock:
                    del self._under_way[key]
        return future.result()
