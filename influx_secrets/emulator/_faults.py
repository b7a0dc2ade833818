"""Scripted faults: which request goes wrong, how, and how often; as values, and as words of a command line.

```python
influxdb.inject(Fault(Status(503, retry_after=1), method="PATCH", times=2))
```
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Protocol

from . import _answers
from ._answers import Answer
from ._delivery import Delivery

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

    @property
    def delivery(self) -> Delivery:
        """The API's answer, in drops."""
        return Delivery(pause=self.seconds)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for the requests that it fits.

    Attributes:
        effect: what happens to them.
        method: HTTP method. None: any.
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


_WORDS: dict[str, Callable[[str, bool, str | None], Effect]] = {
    "status": lambda value, acted, retry: Status(int(value), retry_after=retry, acted=acted),
    "page": lambda value, acted, _: Page(int(value or 502), acted=acted),
    "reset": lambda _, acted, __: Reset(acted=acted),
    "delay": lambda value, acted, _: Delay(float(value), acted=acted),
    "cut": lambda *_: Cut(),
    "drip": lambda value, *_: Drip(float(value or 0.05)),
}
_OPTIONS = {"method", "path", "nth", "times", "retry-after", "acted"}


def parse_fault(text: str) -> Fault:
    """Return the fault that words say, such as `status=503 retry-after=1 method=PATCH path=*/secrets times=2`.

    The first word is what happens: `status=CODE`, `page=CODE`, `reset`, `delay=SECONDS`, `cut` or `drip=SECONDS`.
    Then, in any order: `method`, `path`, `nth`, `times` (`always` for all), `retry-after`, and `acted` without a value.

    Raises:
        ValueError: it says something else.
    """
    effect, *rest = [word.partition("=")[::2] for word in shlex.split(text)] or [("", "")]
    options = dict(rest)
    unknown = [name for name in options if name not in _OPTIONS]
    if effect[0] not in _WORDS or unknown:
        known = f"{', '.join(_WORDS)}; then {', '.join(sorted(_OPTIONS))}"
        raise ValueError(f"a fault has no {(unknown or [effect[0]])[0]!r}: first one of {known}")
    try:
        times = options.get("times", "1")
        return Fault(
            _WORDS[effect[0]](effect[1], "acted" in options, options.get("retry-after")),
            method=options.get("method"),
            path=options.get("path"),
            nth=int(options.get("nth", 1)),
            times=None if times == "always" else int(times),
        )
    except ValueError as problem:
        raise ValueError(f"the fault {text!r} cannot be: {problem}") from None
