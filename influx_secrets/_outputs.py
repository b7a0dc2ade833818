"""Outputs that the SDK need not wait for by themselves, as it waits for the registrations that they are part of."""

from __future__ import annotations

from typing import Any, TypeVar

import pulumi

T = TypeVar("T")


def untracked(output: pulumi.Output[T]) -> pulumi.Output[T]:
    """Return the output, which something else waits for, and so tells of its error too.

    Whenever one output is there the SDK looks at all others that it waits for (seen with 3.272.0), so each one less
    counts for all resources of a program.
    """
    untrack(output)
    return output


def untrack(output: Any) -> None:  # noqa: ANN401 (an attribute of a resource)
    """Have the SDK not wait for an output; what is none is left alone."""
    # Of the class: an output passes any other attribute on to its value, and not every version of the SDK has this.
    found = getattr(type(output), "_untrack", None)
    if found is not None:
        found(output)
