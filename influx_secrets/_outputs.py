"""What the SDK waits for: not for each output of each resource, but for one future of all resources of a run.

Whenever an output is there the SDK looks at all others that it waits for (seen with 3.272.0), so each one less counts
for all resources of a program. For registrations it waits by themselves, once they have begun.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import pulumi
from pulumi.runtime.settings import SETTINGS

T = TypeVar("T")


def untracked(output: pulumi.Output[T]) -> pulumi.Output[T]:
    """Return an output that is an input of a resource, by whose registration it is waited for."""
    untrack(output)
    return output


def unsecret(output: pulumi.Output[T]) -> pulumi.Output[T]:
    """Return an output that a preview may show; it is an input of a resource, by whose registration it is waited for.

    So is the given one, which no longer has to be: what is awaited in between takes the traceback of an error along.
    """
    return untracked(pulumi.Output.unsecret(untracked(output)))


def untrack(output: Any) -> None:  # noqa: ANN401 (an attribute of a resource)
    """Have the SDK not wait for an output by itself; what is none is left alone."""
    # Of the class: an output passes any other attribute on to its value, and not every version of the SDK has this.
    found = getattr(type(output), "_untrack", None)
    if found is not None:
        found(output)


class Registrations:
    """The registrations of a run's resources, for which the SDK waits by one future.

    It is done when the newest resource is registered: others may not be then, but all have begun. When one fails it
    fails at once with the same error, which is so the only one that is told, and with its whole traceback: of a future
    that was awaited before, Python has given the traceback away.
    """

    def __init__(self) -> None:
        self._newest: asyncio.Future[Any] | None = None
        self._awaited: asyncio.Future[None] | None = None

    def follow(self, urn: pulumi.Output[str]) -> None:
        """Note the newest resource by its urn, which is there when it is registered."""
        if not hasattr(type(urn), "_untrack"):
            return  # The SDK waits for each one.
        self._newest = urn._data  # noqa: SLF001 (the SDK tells of an error nowhere else)
        if self._awaited is None:
            self._awaited = self._newest.get_loop().create_future()
            with SETTINGS.lock:
                SETTINGS.outputs.add(self._awaited)
        self._newest.add_done_callback(self._ended)

    def _ended(self, registered: asyncio.Future[Any]) -> None:
        error = None if registered.cancelled() else registered.exception()
        if self._awaited is None or (error is None and registered is not self._newest):
            return
        if error is None:
            self._awaited.set_result(None)
        else:
            self._awaited.set_exception(error)
        self._awaited = None
