"""A stack that lives under a fault: each step of the life cycle goes well or fails in one line, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.faults import TIMEOUTS, Fault, Wire
from engine.stack import Run, Stack
from servers import InfluxdServer

#: How many requests each step makes, one after the other, where nothing is in the way.
CALLS: Final = {
    "preview": ("org", "list", "proofs"),
    "create": ("org", "list", "proofs", "PATCH of two keys", "PATCH of one key"),
    "update": ("list", "PATCH of two keys", "POST delete", "PATCH of one key"),
    "refresh": ("list", "proofs"),
    "destroy": ("DELETE", "POST delete"),
}

ITSELF: Final = "by itself"
NEXT_RUN: Final = "by the next run"
GOES_ON: Final = "warns and continues"

_LONG: Final = "x" * 500
FOREIGN: Final = {"FOREIGN": "of somebody else", "a/b,c": "of somebody else, too"}
_TOGETHER = """
shared = influx.OrgSecrets("shared", org=ORG, secrets={shared})
influx.Secret("single", org=ORG, key="SINGLE", value={single!r}, opts=ResourceOptions(depends_on=[shared]))
"""


class Life:
    """One stack and its org under one fault.

    Attributes:
        runs: How many runs had the fault.
        lost: How many keys, all runs together, were without their declared value at the end, left over, or a loss
            of somebody else.
    """

    def __init__(self, stack: Stack, influxd: InfluxdServer, org: str, wire: Wire, fault: Fault) -> None:
        self._stack, self._influxd, self._org, self._wire, self._fault = stack, influxd, org, wire, fault
        self._number = 0
        self._alive = False
        self.runs = 0
        self.lost = 0
        stack.environment["INFLUX_HOST"] = wire.url(fault)
        stack.set_config("influx-secrets:timeout", str(TIMEOUTS[fault.span]))
        # What is spoiled once may spoil the next attempt too, where Toxiproxy closes connections as it stops.
        stack.set_config("influx-secrets:maxAttempts", "2" if fault.span == "lasting" else "4")
        for key, value in FOREIGN.items():
            influxd.put_secret(org, key, value)

    def step(self, name: str) -> str:
        """Take a step of the life cycle once for each moment at which the fault can begin; return what came of it."""
        act: Callable[[int], str] = getattr(self, f"_{name}")
        self._requests = len(CALLS[name])
        firsts = range(self._requests) if self._fault.span == "lasting" else [0]
        outcomes = {act(first) for first in firsts}
        if self._alive:
            assert set(self._stack.preview().steps.values()) == {"same"}
        return " / ".join(sorted(outcomes))

    def _preview(self, first: int) -> str:
        self._declare()
        with self._wire.suffering(self._fault, first):
            run = self._stack.preview()
        assert run.steps == {"shared": "create", "single": "create"}
        self._compare({"ADOPTED": "adopted"})
        self.runs += 1
        said = [line for line in run.errors if "cannot compare all keys with the server" in line]
        assert len(said) <= 1
        return GOES_ON if said else ITSELF

    def _create(self, first: int) -> str:
        if self._alive:
            self._healthy(self._stack.destroy, {})
        self._declare()
        return self._up(first)

    def _update(self, first: int) -> str:
        self._settle()
        self._declare()
        return self._up(first)

    def _refresh(self, first: int) -> str:
        self._settle()
        outcome = self._suffer(self._stack.refresh, first)
        self._healthy(self._stack.refresh, self._declared)
        return outcome

    def _destroy(self, first: int) -> str:
        self._settle()
        outcome = self._suffer(self._stack.destroy, first)
        if outcome == NEXT_RUN:
            self._healthy(self._stack.destroy, {})
        else:
            self._compare({})
        return outcome

    def _settle(self) -> None:
        if not self._alive:
            self._declare()
            self._healthy(self._stack.up, self._declared)

    def _up(self, first: int) -> str:
        outcome = self._suffer(self._stack.up, first)
        if outcome == NEXT_RUN:
            self._healthy(self._stack.up, self._declared)
        else:
            self._compare(self._declared)
        return outcome

    def _suffer(self, act: Callable[..., Run], first: int) -> str:
        with self._wire.suffering(self._fault, first):
            run = act(fails=None)
        self.runs += 1
        assert "influx_secrets/_" not in run.output, "a traceback of ours"
        assert self._fault.span == "throughout" or self._wire.met, "nothing was spoiled"
        if run.code == 0:
            assert self._fault.span != "once" or self._wire.met >= self._requests, "a request was passed over"
            return ITSELF
        errors = [line for line in run.errors if not line.startswith("influx-secrets: ")]
        # Both resources may ask at the same time.
        assert 1 <= len(errors) <= 2, run.output
        return NEXT_RUN

    def _healthy(self, act: Callable[[], Run], expected: dict[str, str]) -> None:
        act()
        self._compare(expected)

    def _declare(self) -> None:
        """Write the next program: a value changes, a key leaves, one comes, one is there already."""
        self._number += 1
        number = self._number
        if "ADOPTED" not in self._influxd.keys(self._org):
            self._influxd.put_secret(self._org, "ADOPTED", "adopted")
        shared = {"ADOPTED": "adopted", "CHANGED": f"value {number}, {_LONG}", f"NEW_{number}": "new"}
        self._declared = {**shared, "SINGLE": f"single {number}, {_LONG}"}
        self._stack.program(_TOGETHER.format(shared=shared, single=self._declared["SINGLE"]))

    def _compare(self, ours: dict[str, str]) -> None:
        self._alive = len(ours) > 1
        found, expected = self._influxd.values(self._org), {**FOREIGN, **ours}
        self.lost += len(dict(found.items() ^ expected.items()))
