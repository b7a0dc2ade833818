"""The waiting of a removal for the resources that may take its key over."""

from __future__ import annotations

import threading

from until import until

from influx_secrets._provider.check_latch import CheckLatch


def test_wait_with_all_arrived_returns_at_once() -> None:
    """One resource in all, and it is checked."""
    latch = CheckLatch(3, patience=60)
    latch.arrive("a", 1)
    latch.wait()


def test_wait_ends_when_the_last_one_arrives() -> None:
    """The waiting thread goes on as soon as all are there, long before its patience ends."""
    latch = CheckLatch(3, patience=60)
    latch.arrive("a", 2)
    waiting = threading.Thread(target=latch.wait)
    waiting.start()
    until(lambda: latch._waiters == 1)
    latch.arrive("b", 2)
    waiting.join(10)
    assert not waiting.is_alive()


def test_wait_for_one_that_never_arrives_ends() -> None:
    """A resource that depends on the waiting one is not waited for longer than the patience."""
    latch = CheckLatch(3, patience=0.01)
    latch.arrive("a", 2)
    latch.wait()


def test_wait_leaves_a_thread_free() -> None:
    """One waiter more than may wait goes on at once, or no check could ever come."""
    latch = CheckLatch(3, patience=60)
    latch.arrive("a", 2)
    waiting = [threading.Thread(target=latch.wait) for _ in range(3)]
    for thread in waiting:
        thread.start()
    until(lambda: latch._waiters == 3)
    latch.wait()
    latch.arrive("b", 2)
    for thread in waiting:
        thread.join(10)
