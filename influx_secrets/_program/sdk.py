"""What there is once in each run of a program; a process can run several side by side (Automation API)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pulumi

T = TypeVar("T")


def of_this_run(make: Callable[[], T]) -> T:
    """Return what a class makes for the run that is under way; it hangs on the run's own root."""
    root: Any = pulumi.runtime.get_root_resource() or pulumi.runtime.settings.get_monitor()
    attribute = f"_influx_secrets_{make.__name__}"
    made: T | None = getattr(root, attribute, None)
    if made is None:
        made = make()
        setattr(root, attribute, made)
    return made
