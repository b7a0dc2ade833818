"""When the `Secret`s of a program are prepared, and how many are registered at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar
from weakref import WeakSet

import pulumi

from influx_secrets._program import sdk

P = ParamSpec("P")
T = TypeVar("T")
Task = asyncio.Task[Any]

PER_OPERATION: Final = 4
"""Registrations for each operation that the engine runs. The SDK uses the same factor in its Automation API."""

MOST: Final = 64
"""The most registrations at a time: as many calls as a provider process serves."""

AHEAD: Final = 2
"""For each thread, this many may be sent and not registered: the one that it sends, and one that waits for it."""


class Turns:
    """Prepares the `Secret`s of a provider one after the other, once it is registered.

    One starts in each iteration of the event loop, as long as few wait for a thread. The SDK would prepare all of them
    in step: it sends the first when the last is prepared (3.272.0). With turns, the engine and the server work on the
    first ones meanwhile. Where the engine runs one operation at a time there are no turns: the order of the program
    stays.

    Args:
        threads: What registers them; None for the threads of the SDK.
    """

    def __init__(self, threads: Threads | None) -> None:
        self._threads = threads
        self._waiting: dict[pulumi.ProviderResource, list[_Turn]] = {}

    def take(self, provider: pulumi.ProviderResource, value: T) -> pulumi.Input[T]:
        """Return an input that has this value when it is the turn of its resource."""
        if sdk.parallel() == 1:
            return value
        waiting = self._waiting.setdefault(provider, [])
        waiting.append(_Turn(value, self._threads))
        if len(waiting) == 1:
            sdk.start(self._call(provider))
        return waiting[-1]

    async def _call(self, provider: pulumi.ProviderResource) -> None:
        await sdk.registered(provider)
        for turn in self._waiting.pop(provider):
            if self._threads is not None:
                await self._threads.have_room()
            turn.begin()
            await asyncio.sleep(0)


class _Turn(asyncio.Future[Any]):
    def __init__(self, value: object, threads: Threads | None) -> None:
        super().__init__(loop=asyncio.get_event_loop())
        self._value = value
        self._threads = threads

    def begin(self) -> None:
        if not self.done():  # else cancelled, because the program has ended
            self.set_result(self._value)

    def __await__(self) -> Generator[Any, None, Any]:
        # In the task that registers the resource: the SDK awaits a future as it is.
        if self._threads is not None:
            self._threads.serve(asyncio.current_task(self.get_loop()))
        return super().__await__()


class Threads(ThreadPoolExecutor):
    """The threads of an event loop, and more for the calls of some of its tasks.

    A thread registers one resource at a time, and is busy with it until the engine has written it. The SDK starts as
    many threads as `--parallel` says: when a transaction ends, the next resources are still in the program. With more
    threads they wait in the engine. All other calls, such as functions and other resources, keep those of the SDK.
    """

    def __init__(self, count: int, others: ThreadPoolExecutor, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(count)
        self._others = others
        self._loop = loop
        self._most_sent = AHEAD * count
        self._sent: set[Task] = set()
        self._returned = asyncio.Event()
        self._served: WeakSet[Task] = WeakSet()

    @classmethod
    def added(cls) -> Threads | None:
        """Give this event loop more threads, and return them, or those that it has from a run before.

        None where the engine runs one operation at a time, or the event loop has no threads of the SDK.
        """
        loop = asyncio.get_event_loop()
        pool, size = sdk.executor(loop)
        if pool is None or sdk.parallel() == 1:
            return None
        if isinstance(pool, cls):
            return pool
        made = cls(max(size, min(PER_OPERATION * sdk.parallel(), MOST)), pool, loop)
        loop.set_default_executor(made)
        return made

    def serve(self, task: Task | None) -> None:
        """Add a task."""
        if task is not None:
            self._served.add(task)

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        # The event loop asks while it runs the task whose call this is.
        task = asyncio.current_task(self._loop)
        if task is None or task not in self._served:
            return self._others.submit(call, *args, **kwargs)
        if task not in self._sent:
            # Not when its turn begins: a task can wait for a resource further down, which takes its turn later.
            self._sent.add(task)
            task.add_done_callback(self._forget)
        return super().submit(call, *args, **kwargs)

    async def have_room(self) -> None:
        """Return when another task should be prepared.

        A program that prepares resource after resource holds up its threads for milliseconds each, and then the engine
        has nothing to do (Python 3.11).
        """
        while len(self._sent) >= self._most_sent:
            self._returned.clear()
            await self._returned.wait()

    def _forget(self, task: Task) -> None:
        self._sent.discard(task)
        self._returned.set()

    def shutdown(self, *args: bool, **kwargs: bool) -> None:
        self._others.shutdown(*args, **kwargs)
        super().shutdown(*args, **kwargs)
