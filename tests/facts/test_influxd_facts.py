"""What influxd does with secrets, on the real one; and the emulator does the same."""

from __future__ import annotations

import inspect
import os

import pytest
from conformance import divergences
from facts.fact import Fact
from facts.outcomes import check
from facts.page import PAGE, render
from facts.table import QUESTIONS, facts_about
from servers import EmulatorServer, InfluxdServer, SecretsServer
from wire import Wire

FACTS = facts_about("influxd")
VERSIONS = ("2.6.1", "2.7.12", "2.9.1", "2.10.0")


def new_org(server: SecretsServer) -> Wire:
    name = f"fact-{os.urandom(4).hex()}"
    return Wire(server, name, server.create_org(name))


@pytest.mark.fact
@pytest.mark.influxd
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_fact(fact: Fact, influxd: InfluxdServer, request: pytest.FixtureRequest) -> None:
    """What is known is seen."""
    if not fact.can_be_tried(influxd.version):
        pytest.skip(f"needs influxd {fact.needs}")
    wanted = inspect.signature(fact.see).parameters
    given = {name: new_org(influxd) if name == "wire" else request.getfixturevalue(name) for name in wanted}
    check(fact, influxd.version, fact.see(**given), request.node)


@pytest.mark.parametrize("fact", [fact for fact in FACTS if not fact.real], ids=lambda fact: fact.name)
def test_emulator_does_the_same(fact: Fact) -> None:
    """What the page says of influxd holds for the emulator, of each version where they differ."""
    for version in VERSIONS if fact.before else VERSIONS[-1:]:
        with EmulatorServer((), version=version) as server:
            assert fact.see(new_org(server)) == fact.expected(version)


def test_emulator_names_what_it_does_not() -> None:
    """Each other line belongs to a named difference of the emulator."""
    text = (divergences.__doc__ or "") + " ".join(f"{one.name}: {one.why}" for one in divergences.KNOWN)
    assert {fact.real for fact in FACTS if fact.real and f"{fact.real}:" not in text.lower()} == set()


@pytest.mark.documents
def test_page_is_what_the_table_gives() -> None:
    """Nobody wrote a line by hand: `make facts ARGS=--write-facts` writes it."""
    assert PAGE.read_text("utf-8") == render()
    names = [fact.name for question in QUESTIONS for fact in question.facts]
    assert len(names) == len(set(names))
