"""Scripted faults: which request goes wrong, how, and how often; as values, and as words of a command line.

```python
influxdb.inject(Fault(Status(503, retry_after=1), method="PATCH", times=2))
```
"""

from __future__ import annotations

import math
import shlex
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Protocol, TypeVar

from influx_secrets.emulator.api import responses as _answers
from influx_secrets.emulator.api.context import METHODS
from influx_secrets.emulator.api.responses import Answer
from influx_secrets.emulator.server.wire_faults import Delivery

_Number = TypeVar("_Number", int, float)
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>a proxy</body></html>\n"


class Effect(Protocol):
    """How a request goes wrong."""

    @property
    def delivery(self) -> Delivery:
        """What becomes of the request."""


@dataclass(frozen=True, slots=True)
class Status:
    """An error of the API.

    Attributes:
        status: HTTP status.
        retry_after: the header of that name: seconds, or a date as text. None: no such header.
        message: message of the error.
        acted: the server does what was asked, and answers with the error all the same.
    """

    status: int = 503
    retry_after: int | str | None = None
    message: str = "a fault of the emulator"
    acted: bool = False

    def __post_init__(self) -> None:
        _check_status(self.status)

    @property
    def delivery(self) -> Delivery:
        """An answer in place of the API's."""
        answer = _answers.fault(self.status, self.message)
        if self.retry_after is not None:
            answer.headers["Retry-After"] = str(self.retry_after)
        return Delivery(acts=self.acted, answer=answer)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of HTML, as a proxy in front of the server answers; `acted` as in `Status`."""

    status: int = 502
    acted: bool = False

    def __post_init__(self) -> None:
        _check_status(self.status)

    @property
    def delivery(self) -> Delivery:
        """An answer in place of the API's."""
        text = _PAGE.format(f"{self.status} {HTTPStatus(self.status).phrase}")
        return Delivery(acts=self.acted, answer=Answer(self.status, text.encode(), {"Content-Type": "text/html"}))


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks before the server acts, or with `acted` after that; there is no answer."""

    acted: bool = False

    @property
    def delivery(self) -> Delivery:
        """No answer."""
        return Delivery(acts=self.acted, resets=True)


@dataclass(frozen=True, slots=True)
class Delay:
    """Some seconds pass before the server acts, or with `acted` after that; then it answers as ever."""

    seconds: float
    acted: bool = False

    def __post_init__(self) -> None:
        _check_seconds(self.seconds)

    @property
    def delivery(self) -> Delivery:
        """The API's answer, late."""
        return Delivery(hold=self.seconds) if self.acted else Delivery(wait=self.seconds)


@dataclass(frozen=True, slots=True)
class Cut:
    """The server acts, and the connection ends in the middle of the answer: of the body, if it has one."""

    @property
    def delivery(self) -> Delivery:
        """Half of the API's answer."""
        return Delivery(cuts=True)


@dataclass(frozen=True, slots=True)
class Drip:
    """The server acts, and its answer comes byte by byte, with so many seconds between two of them."""

    seconds: float = 0.05

    def __post_init__(self) -> None:
        _check_seconds(self.seconds)

    @property
    def delivery(self) -> Delivery:
        """The API's answer, in drops."""
        return Delivery(pause=self.seconds)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for the requests that it fits.

    Attributes:
        effect: what happens to them.
        method: HTTP method, in capitals. None: any.
        path: pattern for the path without its query, undecoded, as in a shell: `*/secrets`. None: any.
        nth: the first of the requests that fit which it hits, counted from 1, from when it was injected.
        times: how many requests in a row it hits. None: all that follow.
    """

    effect: Effect
    method: str | None = None
    path: str | None = None
    nth: int = 1
    times: int | None = 1

    def __post_init__(self) -> None:
        if self.nth < 1 or (self.times is not None and self.times < 1):
            raise ValueError("nth and times count from 1")
        if self.method is not None and self.method not in METHODS:
            raise ValueError(f"no request has the method {self.method!r}: it is one of {', '.join(METHODS)}")

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is one of those that count."""
        return self.method in {None, method} and (self.path is None or fnmatchcase(path, self.path))


class Script:
    """The faults to come. Each counts the requests that fit it; where several are due, the first one happens."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._faults = [(fault, 0) for fault in faults]

    def add(self, faults: Iterable[Fault]) -> None:
        """Add faults behind the others."""
        with self._lock:
            self._faults += [(fault, 0) for fault in faults]

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    @property
    def pending(self) -> tuple[Fault, ...]:
        """The faults that may still happen."""
        with self._lock:
            return tuple(fault for fault, count in self._faults if not _is_over(fault, count))

    def due(self, method: str, path: str) -> Fault | None:
        """Count a request and return the fault that hits it."""
        due: Fault | None = None
        with self._lock:
            for index, (fault, count) in enumerate(self._faults):
                if fault.fits(method, path):
                    self._faults[index] = (fault, count + 1)
                    if due is None and count + 1 >= fault.nth and not _is_over(fault, count):
                        due = fault
        return due


def _is_over(fault: Fault, count: int) -> bool:
    return fault.times is not None and count >= fault.nth - 1 + fault.times


def _check_status(status: int) -> None:
    if status not in {known.value for known in HTTPStatus if known >= HTTPStatus.BAD_REQUEST}:
        raise ValueError(f"{status} is no status of an error")


def _check_seconds(seconds: float) -> None:
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{seconds} is no number of seconds to wait")


@dataclass(frozen=True, slots=True)
class _Word:
    """An effect as a word: the field that its value fills, if any, and how that is read."""

    effect: Callable[..., Effect]
    field: str | None = None
    read: Callable[[str], float] = int
    #: Whether it means nothing without a value.
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
