"""What the SDK waits for: not for each output of each resource, but for one future of all resources of a run.

Whenever an output is there the SDK looks at all others that it waits for (seen with 3.272.0), so each one less counts
for all resources of a program. For registrations it waits by themselves, once they have begun.
"""

from __future__ import annotations

import asyncio
import copy
from traceback import walk_tb
from types import TracebackType
from typing import Any, TypeVar

import pulumi
from pulumi.runtime.settings import SETTINGS

from influx_secrets._errors import DeclarationError
from influx_secrets._program.sdk import run_scoped

T = TypeVar("T")


def untrack(output: pulumi.Output[T]) -> pulumi.Output[T]:
    """Return an output that is an input of a resource, by whose registration it is waited for.

    Its error ends the program as soon as it is there, and whether or not the resource comes to be registered.
    """
    if hasattr(type(output), "_untrack"):
        output._data.add_done_callback(_tell_error)  # noqa: SLF001 (a registration may never await it)
    _untrack(output)
    return output


def unsecret(output: pulumi.Output[T]) -> pulumi.Output[T]:
    """Return an output that a preview may show; it is an input of a resource, by whose registration it is waited for.

    So is the given one, which no longer has to be: what is awaited in between takes the traceback of an error along.
    """
    _untrack(output)
    return untrack(pulumi.Output.unsecret(output))


def _tell_error(done: asyncio.Future[Any]) -> None:
    error = _error_of(done)
    if error is not None:
        run_scoped(RegistrationGate).fail(error, done.get_loop())


def _error_of(done: asyncio.Future[Any]) -> BaseException | None:
    if done.cancelled():
        # The SDK's registration would end without a word, and whoever waits for it would not.
        return DeclarationError("an input was cancelled: look for a task or a coroutine that was given")
    error = done.exception()
    return None if error is None else _with_own_traceback(error, done)


def _with_own_traceback(error: BaseException, done: asyncio.Future[Any]) -> BaseException:
    """Return a copy of an error with its longest traceback: each one who awaits it gives the error another one.

    The first one of a future has the whole, which is what the future kept, or what the error has now.
    """
    shown = error.__traceback__
    try:
        done.result()
    except BaseException as again:  # noqa: BLE001 (of any kind: it is the user's)
        kept = again.__traceback__ and again.__traceback__.tb_next  # without this line
    longest = max(shown, kept, key=_depth)
    try:
        own = copy.copy(error)
    except Exception:  # noqa: BLE001 (a class of the user's that cannot be copied)
        return error.with_traceback(longest)
    own.__cause__, own.__context__ = error.__cause__, error.__context__
    own.__suppress_context__ = error.__suppress_context__
    return own.with_traceback(longest)


def _depth(traceback: TracebackType | None) -> int:
    return sum(1 for _ in walk_tb(traceback))


def _untrack(output: Any) -> None:  # noqa: ANN401 (an attribute of a resource)
    """Have the SDK not wait for an output by itself; what is none is left alone."""
    # Of the class: an output passes any other attribute on to its value, and not every version of the SDK has this.
    found = getattr(type(output), "_untrack", None)
    if found is not None:
        found(output)


def await_registration(resource: pulumi.Resource) -> None:
    """Have the SDK wait for the registration of a resource, and not for each of its outputs besides."""
    for output in resource.__dict__.values():
        _untrack(output)
    run_scoped(RegistrationGate).follow(resource.urn)


class RegistrationGate:
    """The registrations of a run's resources, for which the SDK waits by one future.

    It is done when the newest resource is registered: others may not be then, but all have begun. When one fails,
    or an input does, it fails at once with that error, which is so the only one that is told, and with its whole
    traceback: of a future that was awaited before, Python has given the traceback away.
    """

    def __init__(self) -> None:
        self._newest: asyncio.Future[Any] | None = None
        self._awaited: asyncio.Future[None] | None = None
        self._has_failed = False

    def follow(self, urn: pulumi.Output[str]) -> None:
        """Note the newest resource by its urn, which is there when it is registered."""
        if not hasattr(type(urn), "_untrack"):
            return  # The SDK waits for each one.
        self._newest = urn._data  # noqa: SLF001 (the SDK tells of an error nowhere else)
        self._await(self._newest.get_loop())
        self._newest.add_done_callback(self._ended)

    def fail(self, error: BaseException, loop: asyncio.AbstractEventLoop) -> None:
        """Have the SDK meet an error, unless it met one before: it ends at the first."""
        if not self._has_failed:
            self._has_failed = True
            awaited = self._await(loop)
            awaited.set_exception(error)
            awaited.exception()  # so that Python does not complain where the program has ended for another reason
            self._awaited = None

    def _await(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        if self._awaited is None:
            self._awaited = loop.create_future()
            with SETTINGS.lock:
                SETTINGS.outputs.add(self._awaited)
        return self._awaited

    def _ended(self, registered: asyncio.Future[Any]) -> None:
        error = _error_of(registered)
        if error is not None:
            self.fail(error, registered.get_loop())
        elif self._awaited is not None and registered is self._newest:
            self._awaited.set_result(None)
            self._awaited = None
