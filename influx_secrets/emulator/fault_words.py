"""Parses the words that describe a fault on a command line."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from influx_secrets.emulator.faults import Cut, Delay, Drip, Effect, Fault, Page, Reset, Status

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class _Word:
    """An effect as a word.

    Attributes:
        effect: Its class.
        field: The field that the value of the word fills; None: it takes no value.
        read: How that value is read.
        needs_value: Whether the word means nothing without a value.
        options: Words that only some effects take.
    """

    effect: Callable[..., Effect]
    field: str | None = None
    read: Callable[[str], float] = int
    needs_value: bool = False
    options: frozenset[str] = frozenset()


_ACTED, _RETRY_AFTER = "acted", "retry-after"
_WORDS = {
    "status": _Word(Status, "status", needs_value=True, options=frozenset({_ACTED, _RETRY_AFTER})),
    "page": _Word(Page, "status", options=frozenset({_ACTED})),
    "reset": _Word(Reset, options=frozenset({_ACTED})),
    "delay": _Word(Delay, "seconds", float, needs_value=True, options=frozenset({_ACTED})),
    "cut": _Word(Cut),
    "drip": _Word(Drip, "seconds", float),
}
_REACH = frozenset({"method", "path", "nth", "times"})


def parse_fault(text: str) -> Fault:
    """Return the fault that words say, such as `status=503 retry-after=1 method=PATCH path=*/secrets times=2`.

    The first word is what happens: `status=CODE`, `page=CODE`, `reset`, `delay=SECONDS`, `cut` or `drip=SECONDS`.
    Then, in any order: `method`, `path`, `nth`, `times` (`always` for all); with `status` also `retry-after`; and, with
    all but `cut` and `drip`, which come after the server has acted anyway, `acted` without a value.

    Raises:
        ValueError: it says something else.
    """
    try:
        (name, value), *rest = [word.partition("=")[::2] for word in shlex.split(text)] or [("", "")]
        options = _options(name, rest)
        times = options.get("times", "1")
        return Fault(
            _effect(_WORDS[name], name, value, options),
            method=options.get("method"),
            path=options.get("path"),
            nth=_number("nth", options.get("nth", "1"), int),
            times=None if times == "always" else _number("times", times, int),
        )
    except ValueError as problem:
        raise ValueError(f"the fault {text!r} cannot be: {problem}") from None


def _options(name: str, rest: list[tuple[str, str]]) -> dict[str, str]:
    if name not in _WORDS:
        raise ValueError(f"it begins with {name!r}, not with one of {', '.join(_WORDS)}")
    known = _REACH | _WORDS[name].options
    options = dict(rest)
    for option, value in rest:
        if option not in known:
            raise ValueError(f"{name} goes with {', '.join(sorted(known))}, not with {option!r}")
        if (option == _ACTED) == bool(value):
            raise ValueError(f"{option} takes {'no' if value else 'a'} value")
    if len(options) < len(rest):
        raise ValueError("a word is there twice")
    return options


def _effect(word: _Word, name: str, value: str, options: dict[str, str]) -> Effect:
    fields: dict[str, object] = {}
    if value and word.field is None:
        raise ValueError(f"{name} takes no value")
    if word.needs_value and not value:
        raise ValueError(f"{name} takes a value")
    if value and word.field is not None:
        fields[word.field] = _number(name, value, word.read)
    if _ACTED in options:
        fields["acted"] = True
    if _RETRY_AFTER in options:
        fields["retry_after"] = options[_RETRY_AFTER]
    return word.effect(**fields)


def _number(name: str, text: str, read: Callable[[str], _Number]) -> _Number:
    try:
        return read(text)
    except ValueError:
        raise ValueError(f"{name} takes a number, and {text!r} is none") from None
