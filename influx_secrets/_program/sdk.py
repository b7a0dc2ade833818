"""Every use of what the SDK does not document, in a program.

Those of the provider process are in `_provider/sdk.py`. Each has a test in `tests/unit/program/test_sdk.py` that fails
on an SDK where it is gone; all are of 3.216 to 3.272.0.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final, NoReturn, TypeVar
from weakref import WeakKeyDictionary

import pulumi
from pulumi import dynamic
from pulumi.dynamic.dynamic import PROVIDER_KEY
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.engine_pb2 import DEBUG, LogRequest

from influx_secrets._errors import InfluxSecretsError

T = TypeVar("T")

PACKAGE: Final = "pulumi-python"
"""The engine's name for the plugin that runs dynamic providers."""

_RUN_SCOPES: WeakKeyDictionary[Any, dict[Callable[[], Any], Any]] = WeakKeyDictionary()
"""The SDK's connection to the engine, one for each run, to what was made for that run."""


class InputError(InfluxSecretsError, pulumi.RunError):
    """An output that turns out to be a wrong input. The engine shows a `RunError` without its traceback.

    Not a `DeclarationError`, which is a `ValueError`: of these the SDK makes another one, with lines of its own.
    """


def run_scoped(make: Callable[[], T]) -> T:
    """Return what `make` returns, called once in each run of a program.

    Runs do not share it: one process can run several programs side by side (Automation API).

    Raises:
        pulumi.RunError: No engine runs this program.
    """
    monitor = pulumi.runtime.settings.get_monitor()
    if monitor is None:
        raise pulumi.RunError("program run without the Pulumi engine available; re-run using the `pulumi` CLI")
    scope = _RUN_SCOPES.setdefault(monitor, {})
    if make not in scope:
        scope[make] = make()
    made: T = scope[make]
    return made


def parallel() -> int:
    """Return how many operations the engine runs at a time."""
    found: int | None = pulumi.runtime.settings.SETTINGS.parallel
    return found or 1


def executor(loop: asyncio.AbstractEventLoop) -> tuple[ThreadPoolExecutor | None, int]:
    """Return what the calls of an event loop run in, and its number of threads; None and 0 where there is none yet."""
    pool = getattr(loop, "_default_executor", None)
    size = getattr(pool, "_max_workers", None)
    return (pool, size) if isinstance(pool, ThreadPoolExecutor) and isinstance(size, int) else (None, 0)


def start(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a task that the SDK keeps and waits for."""
    _: pulumi.Output[None] = pulumi.Output.from_input(work)


async def registered(resource: pulumi.Resource) -> None:
    """Return when a resource is registered or cannot be, which is an error of each resource that needs it."""
    with suppress(Exception):
        await resource.urn.future()


def engine_address() -> str | None:
    """Return the address of the engine, which the language host gives to a program that it starts; else None."""
    arguments = dict(zip(sys.orig_argv, sys.orig_argv[1:], strict=False))
    return arguments.get("--engine")


def mock_call(token: str, args: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the mocks of a unit test answer to the call of a function; None where an engine runs the program."""
    monitor = pulumi.runtime.settings.get_monitor()
    if not isinstance(monitor, MockMonitor):
        return None
    answer: Any = monitor.mocks.call(pulumi.runtime.MockCallArgs(token, {**args}, ""))
    found: Mapping[str, Any] = (answer[0] if isinstance(answer, tuple) else answer) or {}
    return found


def type_token(resource: dynamic.Resource | type[dynamic.Resource]) -> str:
    """Return the type of a dynamic resource as the engine knows it, such as `pulumi-python:dynamic/influxdb:Secret`."""
    return f"{PACKAGE}:{resource._resource_type_name}"  # noqa: SLF001 (the SDK has no other way to it)


def output(resource: pulumi.Resource, name: str) -> pulumi.Output[Any]:
    found: pulumi.Output[Any] = resource.__dict__[name]
    return found


def given(provider: pulumi.ProviderResource, name: str) -> pulumi.Output[Any] | None:
    found: pulumi.Output[Any] | None = provider.__dict__.get(name)
    return found


def is_output(value: object) -> bool:
    """Whether an input is still to be awaited: an output, a coroutine or a future."""
    return isinstance(value, (pulumi.Output, Awaitable))


def is_untouched(opts: pulumi.ResourceOptions) -> bool:
    """Whether the inputs of a resource reach `check` as they are: no option, transform or mock looks at them.

    Not under a parent, whose transforms the SDK does not keep, nor in the process of a component, which has no root.
    A transform for the stack that is registered later does not act on a resource that is declared already.
    """
    settings, root = pulumi.runtime.settings.SETTINGS, pulumi.runtime.get_root_resource()
    return (
        root is not None
        and opts.parent is None
        and not (opts.ignore_changes or opts.transforms or opts.transformations)
        and not root._transformations  # noqa: SLF001 (as all here)
        and not isinstance(settings.monitor, MockMonitor)
        and not _has_transforms(settings.monitor)
    )


def _has_transforms(monitor: object) -> bool:
    # One is there from the first transform of the engine's kind on. `settings.callbacks` has it in one task only.
    module = getattr(pulumi.runtime, "_callbacks", None)
    servicers = getattr(getattr(module, "_CallbackServicer", None), "_servicers", None)
    return servicers is None or any(one._monitor is monitor for one in servicers)  # noqa: SLF001 (as above)


def untrack(output: pulumi.Output[T]) -> pulumi.Output[T]:
    """Return an output after telling the SDK not to wait for it.

    Whenever one output is resolved, the SDK looks at all that it waits for (seen with 3.272.0): each one less counts.
    """
    # From 3.269 on. Looked up in the class: an instance passes any other attribute on to its value.
    release = getattr(type(output), "_untrack", None)
    if release is not None:
        release(output)
    return output


def known_secret(value: str) -> pulumi.Output[str]:
    """Return a secret output of a string, which nothing waits for, as it cannot fail.

    `Output.secret` makes two outputs with a task each. Without a task, 10,000 take half the time and half the memory.
    """
    make = getattr(pulumi.Output, "_from_data", None)  # in 3.244, not yet in 3.230
    if make is None:
        return untrack(pulumi.Output.secret(value))
    done = asyncio.get_event_loop().create_future()
    done.set_result(pulumi.output._OutputData(resources=set(), value=value, is_known=True, is_secret=True))  # noqa: SLF001 (as all here)
    found: pulumi.Output[str] = make(done)
    return untrack(found)


def traceable(output: pulumi.Output[T], title: Callable[[], str]) -> pulumi.Output[T]:
    """Return an output whose error shows the user's line to each one who awaits it.

    Python gives the traceback of a task's error to the first one that awaits the task. The error of a cause keeps its.
    """
    recover = getattr(type(output), "recover", None)  # in 3.247, not yet in 3.244
    found: pulumi.Output[T] = output if recover is None else recover(output, partial(_raise_from, title))
    return found


def _raise_from(title: Callable[[], str], error: Exception) -> NoReturn:
    if isinstance(error, pulumi.RunError):
        raise error  # which the engine shows without a traceback
    text = "cannot be computed because of the error printed above. Correct that error (IS122)"
    raise InfluxSecretsError(f"{title()} {text}") from error


class QuietEngine:
    """A connection to the engine that drops debug messages."""

    def __init__(self, engine: object) -> None:
        self._engine: Any = engine

    @classmethod
    def current(cls) -> QuietEngine | None:
        engine = pulumi.runtime.settings.SETTINGS.engine
        return None if engine is None else cls(engine)

    def Log(self, request: LogRequest) -> None:  # noqa: N802 (the engine's)
        if request.severity != DEBUG:
            self._engine.Log(request)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (its other calls)
        return getattr(self._engine, name)


@contextmanager
def logging_to(engine: QuietEngine | None) -> Iterator[None]:
    """Have the SDK log to this engine, if it is given, for the resources that are declared meanwhile.

    The SDK has the engine in the context: the tasks that it begins meanwhile have this one, and others do not.
    """
    settings = pulumi.runtime.settings.SETTINGS
    if engine is None:
        yield
        return
    before, settings.engine = settings.engine, engine
    try:
        yield
    finally:
        settings.engine = before


def await_registration(resource: pulumi.Resource) -> None:
    """Have the SDK wait for one output of a resource, its URN, instead of all."""
    for name, found in resource.__dict__.items():
        if name != "urn" and isinstance(found, pulumi.Output):
            untrack(found)


def forget_inputs(resource: dynamic.Resource, *names: str) -> None:
    """Remove what the SDK keeps of a resource's inputs, so that no program exports a value by mistake."""
    for name in (*names, PROVIDER_KEY):
        resource.__dict__.pop(name, None)
