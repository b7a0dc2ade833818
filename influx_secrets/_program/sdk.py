"""Every use of what the Pulumi SDK does not document.

Each has a test in `tests/unit/program/test_sdk.py` that fails on an SDK where it is gone; all are of 3.216 to 3.272.0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import pulumi
from pulumi import dynamic
from pulumi.dynamic.dynamic import PROVIDER_KEY

T = TypeVar("T")

PACKAGE: Final = "pulumi-python"
"""The engine's name for the plugin that runs dynamic providers."""

_RUN_SCOPES: WeakKeyDictionary[Any, dict[Callable[[], Any], Any]] = WeakKeyDictionary()
"""The SDK's connection to the engine, one for each run, to what was made for that run."""


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


def type_token(resource: dynamic.Resource | type[dynamic.Resource]) -> str:
    """Return the type of a dynamic resource as the engine knows it, such as `pulumi-python:dynamic/influxdb:Secret`."""
    return f"{PACKAGE}:{resource._resource_type_name}"  # noqa: SLF001 (the SDK has no other way to it)


def output(resource: pulumi.Resource, name: str) -> pulumi.Output[Any]:
    """Return an output of a resource by the name that the provider has for it."""
    found: pulumi.Output[Any] = resource.__dict__[name]
    return found


def given(provider: pulumi.ProviderResource, name: str) -> pulumi.Output[Any] | None:
    """Return an input of a provider, or None where it was not given."""
    found: pulumi.Output[Any] | None = provider.__dict__.get(name)
    return found


def forget_inputs(resource: dynamic.Resource, *names: str) -> None:
    """Remove what the SDK keeps of a resource's inputs, so that no program exports a value by mistake."""
    for name in (*names, PROVIDER_KEY):
        resource.__dict__.pop(name, None)
