"""Parses the words that describe a fault on a command line."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TypeVar

from influx_secrets.emulator.faults import Cut, Delay, Drip, Effect, Fault, Page, Reset, Status

_Number = TypeVar("_Number", int, float)

_EFFECTS: Mapping[str, Callable[..., Effect]] = {
    "status": Status,
    "page": Page,
    "reset": Reset,
    "delay": Delay,
    "cut": Cut,
    "drip": Drip,
}
_VALUES: Mapping[str, tuple[str, Callable[[str], float]]] = {
    "status": ("status", int),
    "page": ("status", int),
    "delay": ("seconds", float),
    "drip": ("seconds", float),
}
"""The field that the value of a word fills, and how it is read; other words take none."""

_NEEDS_VALUE = frozenset({"status", "delay"})
_OPTIONS = {"status": {"acted", "retry-after"}, "page": {"acted"}, "reset": {"acted"}, "delay": {"acted"}}
_REACH = frozenset({"method", "path", "nth", "times"})


def parse_fault(text: str) -> Fault:
    """Return the fault that words say, such as `status=503 retry-after=1 method=PATCH path=*/secrets times=2`.

    The first word is what happens: `status=CODE`, `page=CODE`, `reset`, `delay=SECONDS`, `cut` or `drip=SECONDS`.
    Then, in any order: `method`, `path`, `nth`, `times` (`always` for all); with `status` also `retry-after`; and, with
    all but `cut` and `drip`, which come after the server has acted anyway, `acted` without a value.

    Raises:
        ValueError: It says something else.
    """
    try:
        (name, value), *rest = [word.partition("=")[::2] for word in shlex.split(text)] or [("", "")]
        options = _options(name, rest)
        times = options.get("times", "1")
        return Fault(
            _effect(name, value, options),
            method=options.get("method"),
            path=options.get("path"),
            nth=_number("nth", options.get("nth", "1"), int),
            times=None if times == "always" else _number("times", times, int),
        )
    except ValueError as problem:
        raise ValueError(f"the fault {text!r} cannot be: {problem}") from None


def _options(name: str, rest: list[tuple[str, str]]) -> dict[str, str]:
    if name not in _EFFECTS:
        raise ValueError(f"it begins with {name!r}, not with one of {', '.join(_EFFECTS)}")
    known = _REACH.union(_OPTIONS.get(name, ()))
    options = dict(rest)
    for option, value in rest:
        if option not in known:
            raise ValueError(f"{name} goes with {', '.join(sorted(known))}, not with {option!r}")
        if (option == "acted") == bool(value):
            raise ValueError(f"{option} takes {'no' if value else 'a'} value")
    if len(options) < len(rest):
        raise ValueError("a word is there twice")
    return options


def _effect(name: str, value: str, options: Mapping[str, str]) -> Effect:
    if (value and name not in _VALUES) or (not value and name in _NEEDS_VALUE):
        raise ValueError(f"{name} takes {'no' if value else 'a'} value")
    fields: dict[str, object] = {}
    if value:
        field, read = _VALUES[name]
        fields[field] = _number(name, value, read)
    if "acted" in options:
        fields["acted"] = True
    if "retry-after" in options:
        fields["retry_after"] = options["retry-after"]
    return _EFFECTS[name](**fields)


def _number(name: str, text: str, read: Callable[[str], _Number]) -> _Number:
    try:
        return read(text)
    except ValueError:
        raise ValueError(f"{name} takes a number, and {text!r} is none") from None
