"""Random lives of two servers side by side: same answers and same effects, or the emulator is wrong.

The short run has a seed of its own, so that it always does the same; the long one has a new one each time, or that of
`--hypothesis-seed`. Both print seed and count.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conformance.divergences import KNOWN, explained
from conformance.other_writers import apply_template, put_endpoint
from conformance.random_bodies import POOL, keys, values
from conformance.random_requests import requests
from conformance.raw_requests import Random
from conformance.side_by_side import Side
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from servers import EmulatorServer, InfluxdServer

pytestmark = pytest.mark.influxd

SHORT, LONG = int(os.environ.get("INFLUX_SECRETS_RANDOM_REQUESTS", "300")), 20_000
LIVES_A_SEED = 25
SETTINGS = settings(
    max_examples=LIVES_A_SEED,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # what fails names the request that did; nothing to shrink
    suppress_health_check=list(HealthCheck),
)
ENDPOINTS = [
    ("slack", {"token": "t"}),
    ("pagerduty", {"routing_key": "r"}),
    ("http", {"username": "u", "password": "p"}),
]


@dataclass
class Tally:
    """What was compared so far."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)


class Lives(RuleBasedStateMachine):
    """The two servers live one life after the other."""

    sides: tuple[Side, Side]
    tally: Tally

    def __init__(self) -> None:
        super().__init__()
        self._reset()

    @rule(sent=st.lists(requests, min_size=3, max_size=6))
    def ask(self, sent: list[Random]) -> None:
        for request in sent:
            self._ask(request)

    @rule(key=keys, value=values, org=st.sampled_from([0, 1]))
    def another_writer_sets_a_secret(self, key: str, value: str, org: int) -> None:
        for side in self.sides:
            side.server.put_secret(side.names[org], key, value)

    @rule(key=keys)
    def another_writer_removes_a_secret(self, key: str) -> None:
        for side in self.sides:
            side.server.remove_secret(side.names[0], key)

    @rule(endpoint=st.sampled_from(ENDPOINTS))
    def somebody_makes_an_endpoint(self, endpoint: tuple[str, dict[str, str]]) -> None:
        kind, credentials = endpoint
        emulated, real = self.sides
        endpoint_id = put_endpoint(real.server, real.names[0], kind, None, **credentials)
        assert endpoint_id is not None
        put_endpoint(emulated.server, emulated.names[0], kind, endpoint_id, **credentials)
        self._same()

    @rule(secrets=st.dictionaries(keys, values, max_size=2))
    def somebody_applies_a_template(self, secrets: dict[str, str]) -> None:
        done = [apply_template(side.server, side.names[0], secrets) for side in self.sides]
        assert done == [True, True]
        self._same()

    def _ask(self, request: Random) -> None:
        tally = self.tally
        first, second = (side.send(request) for side in self.sides)
        tally.requests += 1
        tally.statuses[second.status] += 1
        if first != second:
            known = explained(request, first, second)
            assert known is not None, f"{request}\nemulator: {first}\ninfluxd:  {second}"
            tally.known[known.name] += 1
            if min(first.status, second.status) < 400:
                # One of them may have acted; no answer is a 0.
                self._reset()
        elif request.method not in {"GET", "HEAD"} and second.status < 300:
            self._same(request)

    def _same(self, *after: Random) -> None:
        emulated, real = (side.state() for side in self.sides)
        assert emulated == real, after

    def _reset(self) -> None:
        for side in self.sides:
            side.reset(dict.fromkeys(POOL, "before"))

    def teardown(self) -> None:
        self._same()


@pytest.fixture(scope="module")
def sides(influxd_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    """Two servers that nobody else uses, with the same orgs."""
    with InfluxdServer(influxd_binary, tmp_path_factory.mktemp("side-by-side")) as own:
        real = Side.of(own, "acme")
        emulated = real.twin()
        assert isinstance(emulated.server, EmulatorServer)
        with emulated.server:
            yield emulated, real


def compare(sides: tuple[Side, Side], wanted: int, first_seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Compare at least so many requests, from this seed on, and say so."""
    began, tally, number = time.monotonic(), Tally(), first_seed
    say(capsys, f"side by side: {wanted} requests or more from seed {first_seed} on")
    while tally.requests < wanted:
        lives = type("LivesOfBoth", (Lives,), {"sides": sides, "tally": tally})
        run_state_machine_as_test(seed(number)(lives), settings=SETTINGS)
        number += 1
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(tally.statuses.items()))
    known = ", ".join(f"{name} {tally.known[name]}" for name in (known.name for known in KNOWN))
    say(
        capsys,
        f"side by side: {tally.requests} requests from seeds {first_seed} to {number - 1} in "
        f"{time.monotonic() - began:.0f} s; influxd answered {statuses}; known divergences: {known}",
    )


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")


@pytest.mark.timeout(900)
def test_random_requests_are_answered_alike(sides: tuple[Side, Side], capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is sent, in any order: the same answers, and the same secrets after each."""
    compare(sides, SHORT, 1, capsys)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_very_many_random_requests_are_answered_alike(
    sides: tuple[Side, Side], capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """The same for longer, and each time with others."""
    chosen = request.config.getoption("--hypothesis-seed")
    compare(sides, LONG, int(chosen) if chosen else random.SystemRandom().randrange(1 << 32), capsys)
