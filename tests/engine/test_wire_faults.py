"""Toxiproxy between the provider and influxd: whatever the network does, and when, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine.fault_table import cells, committed, record
from engine.faults import FAULTS, RACES, Fault, Wire
from engine.faulty_life_cycle import CALLS, GOES_ON, ITSELF, NEXT_RUN, Life
from engine.stack import Stack
from programs import needed
from servers import InfluxdServer


@pytest.fixture
def wire(influxd: InfluxdServer) -> Iterator[Wire]:
    """The way to influxd, with nothing wrong yet."""
    with Wire(needed("toxiproxy"), influxd.url) as made:
        yield made


def named(name: str, span: str) -> Fault:
    (found,) = [fault for fault in FAULTS if (fault.name, fault.span) == (name, span)]
    return found


def _spelled(fault: Fault) -> str:
    return f"{fault.name}, {fault.span}".replace(" ", "_")


@pytest.mark.parametrize(
    ("fault", "steps"),
    [
        (named("answers in slices of 8 bytes", "throughout"), ["preview", "create"]),
        (named("requests cut before the last byte", "once"), ["create", "destroy"]),
        (named("requests half-closed before the last byte", "once"), ["update"]),
        (named("answers half-closed before the first byte", "once"), ["update"]),
        (named("answers reset", "lasting"), ["destroy"]),
        (named("requests held back, the connection kept", "lasting"), ["refresh"]),
    ],
    ids=lambda given: given.name.replace(" ", "_") if hasattr(given, "name") else "-".join(given),
)
def test_fault_in_some_steps_is_as_documented(
    stack: Stack, influxd: InfluxdServer, acme: str, wire: Wire, fault: Fault, steps: list[str]
) -> None:
    """A selection of the table, with the same outcomes."""
    life = Life(stack, influxd, acme, wire, fault)
    assert {step: life.step(step) for step in steps} == {step: committed(fault)[step] for step in steps}
    assert life.lost == 0


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", FAULTS, ids=_spelled)
def test_fault_in_every_step_loses_nothing(
    stack: Stack,
    influxd: InfluxdServer,
    acme: str,
    wire: Wire,
    fault: Fault,
    pytestconfig: pytest.Config,
) -> None:
    """Every step, the fault beginning at each of its requests: the row of the table is what happens."""
    life = Life(stack, influxd, acme, wire, fault)
    outcomes = {step: life.step(step) for step in CALLS}
    row = cells(fault, outcomes, life.runs, life.lost)
    if pytestconfig.getoption("record_faults"):
        record(row)
    assert life.lost == 0
    assert row == committed(fault)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", RACES, ids=_spelled)
def test_fault_of_open_outcome_loses_nothing(
    stack: Stack, influxd: InfluxdServer, acme: str, wire: Wire, fault: Fault
) -> None:
    """No row of the table, for a row is one outcome: each run goes well or fails in one line, as in the others."""
    life = Life(stack, influxd, acme, wire, fault)
    for step in CALLS:
        life.step(step)
    assert life.lost == 0


def test_table_has_every_fault_and_nothing_lost() -> None:
    """The page is whole: a row for each fault, known outcomes, no key lost."""
    for fault in FAULTS:
        row = committed(fault)
        assert row["lost"] == "0"
        assert {text for step in CALLS for text in row[step].split(" / ")} <= {ITSELF, NEXT_RUN, GOES_ON}
