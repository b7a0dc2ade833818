"""The waiting of a removal for the resources that may take its key over."""

from __future__ import annotations

import threading
import time

from influx_secrets._provider.check_latch import MOST_WAITING, Arrivals


def test_wait_with_everybody_there_returns_at_once() -> None:
    """One resource in all, and it is checked."""
    arrivals = Arrivals(patience=60)
    arrivals.note("a", 1)
    arrivals.wait()


def test_wait_ends_when_the_last_one_comes() -> None:
    """The waiting thread goes on as soon as all are there, long before its patience ends."""
    arrivals = Arrivals(patience=60)
    arrivals.note("a", 2)
    waiting = threading.Thread(target=arrivals.wait)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    arrivals.note("b", 2)
    waiting.join(10)
    assert not waiting.is_alive()


def test_wait_for_one_that_never_comes_ends() -> None:
    """A resource that depends on the waiting one is not waited for longer than the patience."""
    arrivals = Arrivals(patience=0.01)
    arrivals.note("a", 2)
    arrivals.wait()


def test_wait_leaves_a_thread_free() -> None:
    """The process serves four calls: a fourth removal does not wait, or no check could ever come."""
    arrivals = Arrivals(patience=60)
    arrivals.note("a", 2)
    waiting = [threading.Thread(target=arrivals.wait) for _ in range(MOST_WAITING)]
    for thread in waiting:
        thread.start()
    time.sleep(0.05)
    arrivals.wait()
    arrivals.note("b", 2)
    for thread in waiting:
        thread.join(10)
