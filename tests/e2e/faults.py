"""The faults of a network that the tests make, and the moment at which each begins and ends."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from e2e.relay import Relay
from e2e.toxics import Toxiproxy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from e2e.toxics import Stream

Span = Literal["throughout", "lasting", "once"]
"""From the start of a run to its end; from one of its requests to its end; at each of its requests, once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What Toxiproxy does to the requests (`upstream`) or to the answers (`downstream`), and for how long."""

    name: str
    toxic: str
    stream: Stream
    span: Span
    attributes: Mapping[str, int] = field(default_factory=dict)


#: Of the provider under test, in seconds: what only slows must not end a request, what breaks must not take long.
TIMEOUTS: Mapping[Span, int] = MappingProxyType({"throughout": 5, "once": 1, "lasting": 1})

_WAYS: Mapping[Stream, str] = MappingProxyType({"upstream": "requests", "downstream": "answers"})
_BOTH: tuple[Stream, ...] = ("upstream", "downstream")


def _faults(
    how: str, toxic: str, attributes: Mapping[str, int], *spans: Span, streams: tuple[Stream, ...] = _BOTH
) -> list[Fault]:
    return [Fault(f"{_WAYS[stream]} {how}", toxic, stream, span, attributes) for stream in streams for span in spans]


FAULTS = (
    *_faults("late by 0.2 s", "latency", {"latency": 200, "jitter": 50}, "throughout"),
    *_faults("at 1 kB/s", "bandwidth", {"rate": 1}, "throughout"),
    *_faults("in slices of 8 bytes", "slicer", {"average_size": 8, "size_variation": 4, "delay": 1000}, "throughout"),
    *_faults("closed late", "slow_close", {"delay": 500}, "throughout"),
    # For the client that is no other silence than the next, but here the request or the answer is still on its way.
    *_faults("late by 5 s", "latency", {"latency": 5000}, "once"),
    *_faults("held back, the connection kept", "timeout", {"timeout": 0}, "once"),
    *_faults("reset", "reset_peer", {"timeout": 0}, "once"),
    # With the requests the server did nothing, with the answers everything; the client cannot tell.
    *_faults("held back, the connection kept", "timeout", {"timeout": 0}, "lasting", streams=("upstream",)),
    *_faults("reset", "reset_peer", {"timeout": 0}, "lasting"),
    # In the body of what has one, and in the head of every answer; for longer, it is the same to the client as a reset.
    *_faults("cut after 400 bytes", "limit_data", {"bytes": 400}, "once", streams=("upstream",)),
    *_faults("cut after 100 bytes", "limit_data", {"bytes": 100}, "once", streams=("downstream",)),
)


class Wire:
    """The way from a provider to its server: Toxiproxy, and behind it a relay that tells when a fault is due.

    Args:
        binary: The program of Toxiproxy.
        target: The server's url.

    Attributes:
        connections: How many the last run made.
    """

    def __init__(self, binary: Path, target: str) -> None:
        self._relay = Relay(target)
        self._binary = binary
        self.connections = 0

    def __enter__(self) -> Wire:
        self._relay.__enter__()
        self._toxiproxy = Toxiproxy(self._binary, self._relay.url).__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._toxiproxy.__exit__(None, None, None)
        self._relay.__exit__(None, None, None)

    @property
    def url(self) -> str:
        return self._toxiproxy.url

    @contextmanager
    def suffering(self, fault: Fault, first: int = 0) -> Iterator[None]:
        """Apply a fault to one run, from its request number `first` on, counted from 0.

        At the end nothing of the run is under way any more: what comes late belongs to the run that it was sent in.
        """
        moment = _MOMENTS[fault.span](self._toxiproxy, fault, first)
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
            self.connections = moment.connections


class _Throughout:
    """The fault is there all the time; counts requests and connections."""

    def __init__(self, toxiproxy: Toxiproxy, fault: Fault, first: int) -> None:
        self._toxiproxy, self._fault, self._first = toxiproxy, fault, first
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

    def _switch(self, *, on: bool) -> None:
        with self._lock:
            if on and not self._on:
                self._toxiproxy.add(self._fault.toxic, self._fault.stream, self._fault.attributes)
            if self._on and not on:
                self._toxiproxy.remove()
            self._on = on

    @property
    def _upstream(self) -> bool:
        return self._fault.stream == "upstream"


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


class _Once(_Throughout):
    """Spoils each request or answer once; the provider tries it again over a new connection, which is a good one."""

    def __init__(self, toxiproxy: Toxiproxy, fault: Fault, first: int) -> None:
        super().__init__(toxiproxy, fault, first)
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


_MOMENTS = {"throughout": _Throughout, "lasting": _Lasting, "once": _Once}
