"""The faults of a network that the tests make, and the moment at which each begins and ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from engine.relay import Relay
from engine.toxiproxy import Stream, Toxic, Toxiproxy
from engine.truncating_proxy import Place, TruncatingProxy, Truncation

Span = Literal["throughout", "lasting", "once"]
"""From the start of a run to its end; from one of its requests to its end; at each of its requests, once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the requests or to the answers, and for how long."""

    name: str
    span: Span
    how: Toxic | Truncation


#: Of the provider under test, in seconds: what only slows must not end a request, what breaks must not take long.
TIMEOUTS: Mapping[Span, int] = MappingProxyType({"throughout": 5, "once": 2, "lasting": 2})

_WAYS: Mapping[Stream, str] = MappingProxyType({"upstream": "requests", "downstream": "answers"})


def _toxic(how: str, kind: str, *spans: Span, **attributes: int) -> list[Fault]:
    toxics = [(way, Toxic(stream, kind, attributes)) for stream, way in _WAYS.items()]
    return [Fault(f"{way} {how}", span, toxic) for way, toxic in toxics for span in spans]


def _ended(how: str, stream: Stream, place: Place, *spans: Span, half: bool = False) -> list[Fault]:
    return [Fault(f"{_WAYS[stream]} {how}", span, Truncation(stream, place, half)) for span in spans]


#: With the requests the server did nothing, with the answers everything; the client cannot tell.
FAULTS = (
    *_toxic("late by 0.2 s", "latency", "throughout", latency=200, jitter=50),
    *_toxic("at 1 kB/s", "bandwidth", "throughout", rate=1),
    *_toxic("in slices of 8 bytes", "slicer", "throughout", average_size=8, size_variation=4, delay=1000),
    *_toxic("closed late", "slow_close", "throughout", delay=500),
    # For the client that is no other silence than the next, but here the request or the answer is still on its way.
    *_toxic("late by 5 s", "latency", "once", "lasting", latency=5000),
    *_toxic("held back, the connection kept", "timeout", "once", "lasting", timeout=0),
    *_toxic("reset", "reset_peer", "once", "lasting", timeout=0),
    # In the head of each, for none is as short. Whether the client tries a 204 again that was cut is up to it, so that
    # Toxiproxy does not know which request comes next.
    *_toxic("cut after 100 bytes", "limit_data", "lasting", bytes=100),
    *_ended("cut in the head", "upstream", "head", "once"),
    *_ended("cut in the head", "downstream", "head", "once"),
    *_ended("cut before the last byte", "upstream", "last byte", "once", "lasting"),
    *_ended("cut before the last byte", "downstream", "last byte", "once", "lasting"),
    *_ended("half-closed in the head", "upstream", "head", "once", "lasting", half=True),
    *_ended("half-closed before the last byte", "upstream", "last byte", "once", "lasting", half=True),
    *_ended("half-closed before the first byte", "downstream", "start", "once", "lasting", half=True),
    *_ended("half-closed in the head", "downstream", "head", "once", "lasting", half=True),
    *_ended("half-closed before the last byte", "downstream", "last byte", "once", "lasting", half=True),
)

#: influxd takes a request whose direction has ended for given up, and may be quicker with its answer, or not.
RACES = (*_ended("half-closed after the last byte", "upstream", "end", "once", "lasting", half=True),)


class Wire:
    """The ways from a provider to its server: one for what Toxiproxy does, one for what breaks at the very byte.

    Behind Toxiproxy there is a relay that tells when a fault is due.

    Args:
        binary: The program of Toxiproxy.
        target: The server's url.

    Attributes:
        met: How many requests the last run made that a fault ended, or their answers.
    """

    def __init__(self, binary: Path, target: str) -> None:
        self._relay = Relay(target)
        self._truncating = TruncatingProxy(target)
        self._binary = binary
        self.met = 0

    def __enter__(self) -> Wire:
        self._relay.__enter__()
        self._truncating.__enter__()
        self._toxiproxy = Toxiproxy(self._binary, self._relay.url).__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._toxiproxy.__exit__(None, None, None)
        self._truncating.__exit__(None, None, None)
        self._relay.__exit__(None, None, None)

    def url(self, fault: Fault) -> str:
        """Return where the provider finds its server, with this fault in between when it is due."""
        return self._truncating.url if isinstance(fault.how, Truncation) else self._toxiproxy.url

    @contextmanager
    def suffering(self, fault: Fault, first: int = 0) -> Iterator[None]:
        """Apply a fault to one run, from its request number `first` on, counted from 0.

        At the end nothing of the run is under way any more: what comes late belongs to the run that it was sent in.
        """
        if isinstance(fault.how, Truncation):
            self._truncating.begin(fault.how, once=fault.span == "once", first=first)
            try:
                yield
            finally:
                self._truncating.end()
                self.met = self._truncating.broken
        else:
            with self._poisoned(_MOMENTS[fault.span](self._toxiproxy, fault.how, first)):
                yield

    @contextmanager
    def _poisoned(self, moment: _Throughout) -> Iterator[None]:
        self._relay.accepted, self._relay.asked, self._relay.answered = (
            moment.accepted,
            moment.asked,
            moment.answered,
        )
        moment.begin()
        try:
            yield
        finally:
            self._relay.accepted = self._relay.asked = self._relay.answered = lambda _: None
            self._toxiproxy.pull()
            self._toxiproxy.remove()
            self.met = moment.met


class _Throughout:
    """The fault is there all the time; counts requests and connections."""

    def __init__(self, toxiproxy: Toxiproxy, toxic: Toxic, first: int) -> None:
        self._toxiproxy, self._toxic, self._first = toxiproxy, toxic, first
        self._lock = threading.Lock()
        self._on = False
        self._calls = 0
        self.connections = 0

    def begin(self) -> None:
        self._switch(on=True)

    def accepted(self, connection: int) -> None:
        del connection
        self.connections += 1

    def asked(self, connection: int) -> None:
        del connection
        self._calls += 1

    def answered(self, connection: int) -> None:
        """An answer comes."""

    @property
    def met(self) -> int:
        """How many requests the fault ended: each its connection, too, so that there was one more."""
        return self.connections - 1

    def _switch(self, *, on: bool) -> None:
        with self._lock:
            if on and not self._on:
                self._toxiproxy.add(self._toxic)
            if self._on and not on:
                self._toxiproxy.remove()
            self._on = on

    @property
    def _upstream(self) -> bool:
        return self._toxic.stream == "upstream"


class _Lasting(_Throughout):
    """Begins with one request.

    A request is spoiled before it is sent, so when the answer before it is there; an answer, when it was asked for.
    """

    def begin(self) -> None:
        if self._upstream and self._first == 0:
            self._switch(on=True)

    def asked(self, connection: int) -> None:
        if not self._upstream and self._calls == self._first:
            self._switch(on=True)
        super().asked(connection)

    def answered(self, connection: int) -> None:
        del connection
        if self._upstream and self._calls == self._first:
            self._switch(on=True)

    @property
    def met(self) -> int:
        """How many; after an answer without a body, of which the head was cut, the run may end without another."""
        return super().met if self._upstream else self._calls - self._first


class _Once(_Throughout):
    """Spoils each request or answer once; the provider tries it again over a new connection, which is a good one."""

    def __init__(self, toxiproxy: Toxiproxy, toxic: Toxic, first: int) -> None:
        super().__init__(toxiproxy, toxic, first)
        self._accepted = 0
        self._asked = 0

    def begin(self) -> None:
        if self._upstream:
            self._switch(on=True)

    def accepted(self, connection: int) -> None:
        super().accepted(connection)
        if self._accepted:  # the first of the run belongs to the first request
            self._switch(on=False)
        self._accepted = connection

    def asked(self, connection: int) -> None:
        super().asked(connection)
        # Over the connection of the last request comes the next one, over another the same again.
        if not self._upstream and self._asked in (0, connection):
            self._switch(on=True)
        self._asked = connection

    def answered(self, connection: int) -> None:
        if self._upstream and connection == self._accepted:
            self._switch(on=True)


_MOMENTS: dict[Span, type[_Throughout]] = {"throughout": _Throughout, "lasting": _Lasting, "once": _Once}
