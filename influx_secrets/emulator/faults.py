"""Scripted faults: which request fails, how, and how often.

```python
influxdb.inject(Fault(Status(503, retry_after=1), method="PATCH", times=2))
```
"""

from __future__ import annotations

import math
import shlex
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar

from influx_secrets.emulator.api import responses
from influx_secrets.emulator.api.context import METHODS
from influx_secrets.emulator.api.responses import Answer

_Number = TypeVar("_Number", int, float)

_ERRORS = frozenset(known.value for known in HTTPStatus if known >= HTTPStatus.BAD_REQUEST)
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>a proxy</body></html>\n"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What happens to one request.

    Attributes:
        acts: Whether the API does what is asked; it must if `answer` is None.
        answer: Sent in place of the API's answer.
        wait: Seconds before the API acts.
        hold: Seconds between acting and answering.
        resets: Whether the connection breaks without an answer.
        cuts: Whether the connection ends in the middle of the answer.
        pause: Seconds between any two bytes of the answer.
    """

    acts: bool = True
    answer: Answer | None = None
    wait: float = 0.0
    hold: float = 0.0
    resets: bool = False
    cuts: bool = False
    pause: float = 0.0

    @property
    def is_raw(self) -> bool:
        """Whether the answer goes out other than by the rules of HTTP."""
        return self.resets or self.cuts or self.pause > 0


@dataclass(frozen=True, slots=True)
class Status:
    """An error of the API.

    Attributes:
        status: HTTP status.
        retry_after: The header of that name: seconds, or a date as a string. None: no such header.
        message: Message of the error.
        acted: Whether the server does what was asked before it answers with the error.
    """

    status: int = 503
    retry_after: int | str | None = None
    message: str = "a fault of the emulator"
    acted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page of HTML, as a proxy in front of the server answers; `acted` as in `Status`."""

    status: int = 502
    acted: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks before the server acts, or with `acted` after that, without an answer."""

    acted: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """The server waits for some seconds before it acts, or with `acted` after that, and then answers as usual."""

    seconds: float
    acted: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """The server acts, and the connection ends in the middle of the answer: of the body, if it has one."""


@dataclass(frozen=True, slots=True)
class Drip:
    """The server acts and sends its answer byte by byte, with a pause of some seconds between two of them."""

    seconds: float = 0.05


Effect: TypeAlias = Status | Page | Reset | Delay | Cut | Drip
"""How a request fails."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for some requests.

    Attributes:
        effect: What happens to them.
        method: HTTP method, in capitals. None: any.
        path: Pattern for the path without its query, undecoded, as in a shell: `*/secrets`. None: any.
        nth: The first of the fitting requests that it hits, counted from 1 after it was injected.
        times: How many requests in a row it hits. None: all that follow.
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
            raise ValueError(f"{self.method!r} is not a method: use one of {', '.join(METHODS)}")
        if isinstance(self.effect, Status | Page) and self.effect.status not in _ERRORS:
            raise ValueError(f"{self.effect.status} is not the status of an error")
        if isinstance(self.effect, Delay | Drip) and not 0 <= self.effect.seconds < math.inf:
            raise ValueError(f"{self.effect.seconds} is not a number of seconds to wait")

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is one of those that count."""
        return self.method in {None, method} and (self.path is None or fnmatchcase(path, self.path))


def delivery(fault: Fault | None) -> Delivery:  # noqa: PLR0911 (one for each effect)
    """Return what happens to a request that a fault hits, or none."""
    match fault.effect if fault else None:
        case Status(status, retry_after, message, acted):
            return Delivery(acts=acted, answer=responses.fault(status, message, retry_after))
        case Page(status, acted):
            text = _PAGE.format(f"{status} {HTTPStatus(status).phrase}")
            return Delivery(acts=acted, answer=Answer(status, text.encode(), {"Content-Type": "text/html"}))
        case Reset(acted):
            return Delivery(acts=acted, resets=True)
        case Delay(seconds, acted):
            return Delivery(hold=seconds) if acted else Delivery(wait=seconds)
        case Cut():
            return Delivery(cuts=True)
        case Drip(seconds):
            return Delivery(pause=seconds)
    return Delivery()


class FaultScript:
    """The faults to come. Each counts the requests that it fits; of several that are due, the first one happens."""

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


_EFFECTS: Mapping[str, type[Effect]] = {one.__name__.lower(): one for one in (Status, Page, Reset, Delay, Cut, Drip)}
_NUMBERS: Mapping[str, Callable[[str], float]] = {"status": int, "seconds": float}
"""The field of an effect that the value of its word fills, and how it is read."""

_NEEDS_VALUE = frozenset({"status", "delay"})


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
    known = {"method", "path", "nth", "times", *({"acted", "retry-after"} & _fields(name))}
    for option, value in rest:
        if option not in known:
            raise ValueError(f"{name} goes with {', '.join(sorted(known))}, not with {option!r}")
        if (option == "acted") == bool(value):
            raise ValueError(f"{option} takes {'no' if value else 'a'} value")
    if len(dict(rest)) < len(rest):
        raise ValueError("a word is there twice")
    return dict(rest)


def _effect(name: str, value: str, options: Mapping[str, str]) -> Effect:
    number = next(iter(_NUMBERS.keys() & _fields(name)), "")
    if (value and not number) or (not value and name in _NEEDS_VALUE):
        raise ValueError(f"{name} takes {'no' if value else 'a'} value")
    given: dict[str, Any] = {number: _number(name, value, _NUMBERS[number])} if value else {}
    given |= {"acted": True} if "acted" in options else {}
    given |= {"retry_after": options["retry-after"]} if "retry-after" in options else {}
    return _EFFECTS[name](**given)


def _fields(name: str) -> set[str]:
    return {field.name.replace("_", "-") for field in fields(_EFFECTS[name])}


def _number(name: str, text: str, read: Callable[[str], _Number]) -> _Number:
    try:
        return read(text)
    except ValueError:
        raise ValueError(f"{name} takes a number, and {text!r} is none") from None
