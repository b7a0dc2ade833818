"""What a run costs on the wire, counted: requests, connections, bytes."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from intercepting_proxy import InterceptingProxy
from lifecycle.provider_process import Declared, Engine, org_secrets, secret

from influx_secrets.emulator import Delay, Emulator, Fault

KEYS, RESOURCES = 10_000, 60
PARALLEL = 16
"""How many calls the engine sends at a time: more than the SDK's provider process serves by itself."""

JOINED = RESOURCES / PARALLEL + 4
"""How many transactions write each resource by itself; the first has one member, a batch nearly all of the calls."""

VALUES = {f"KEY_{n:05}": f"the value number {n:05}" for n in range(KEYS)}


@pytest.fixture
def engine(emulator: Emulator, proxy: InterceptingProxy) -> Engine:
    """An engine whose provider goes through the proxy."""
    return Engine({**emulator.environment, "INFLUX_HOST": proxy.url}, parallel=PARALLEL)


def passed(proxy: InterceptingProxy) -> Counter[str]:
    """Return how often each kind of request passed since the last look."""
    found = Counter(f"{one.method} {one.path.partition('?')[0].rpartition('/')[2]}" for one in proxy.exchanges)
    proxy.exchanges.clear()
    return found


def many_keys(values: dict[str, str]) -> Declared:
    return org_secrets("all", values, org="acme")


def many_resources(prefix: str) -> list[Declared]:
    return [secret(f"s{n}", org="acme", key=f"K{n}", value=f"{prefix} {n}") for n in range(RESOURCES)]


def test_many_keys_are_few_requests_on_one_connection(engine: Engine, proxy: InterceptingProxy) -> None:
    """However many keys: one list, one PATCH; and a query per thousand where values are proved."""
    engine.up(many_keys(VALUES))
    assert passed(proxy) == {"GET orgs": 1, "GET secrets": 1, "PATCH secrets": 1}
    assert proxy.connections == 1
    assert engine.up(many_keys(VALUES)) == {"all": "same"}
    assert passed(proxy) == {}
    assert engine.refresh() == {"all": "same"}
    assert passed(proxy) == {"GET secrets": 1, "POST query": 10}
    assert proxy.connections == 2
    engine.destroy()
    assert passed(proxy) == {"POST delete": 1}


def test_a_patch_holds_what_changed_and_nothing_else(engine: Engine, proxy: InterceptingProxy) -> None:
    """The bytes of the keys and values that are new, once."""
    engine.up(many_keys(VALUES))
    (patch,) = [one for one in proxy.exchanges if one.method == "PATCH"]
    assert len(patch.body) == len(json.dumps(VALUES, separators=(",", ":")))
    proxy.exchanges.clear()
    engine.up(many_keys({**VALUES, "KEY_00007": "rotated"}))
    (patch,) = proxy.exchanges
    assert len(patch.body) == len('{"KEY_00007":"rotated"}')


def test_a_proof_is_a_short_line(engine: Engine, proxy: InterceptingProxy) -> None:
    """A refresh sends less than 200 bytes for each key, however long its value is."""
    engine.up(many_keys(dict.fromkeys(VALUES, "x" * 2_000)))
    proxy.exchanges.clear()
    engine.refresh()
    assert sum(len(one.body) for one in proxy.exchanges) < 200 * KEYS


def test_many_resources_share_list_proofs_and_connections(
    engine: Engine, emulator: Emulator, proxy: InterceptingProxy
) -> None:
    """Those that wait are written together, nearly all calls of a time; the rest is asked once for all of them."""
    # Long enough for the other calls of the engine to arrive: while one writes, they wait.
    emulator.inject(Fault(Delay(0.15), path="*/secrets", method="PATCH", times=None))
    engine.up(*many_resources("one"))
    writes = passed(proxy)
    assert RESOURCES / PARALLEL <= writes.pop("PATCH secrets") <= JOINED
    assert writes == {"GET orgs": 1, "GET secrets": 1}
    assert proxy.connections <= PARALLEL
    before = proxy.connections
    engine.up(*many_resources("one"))
    assert passed(proxy) == {}
    assert proxy.connections == before
    assert set(engine.refresh().values()) == {"same"}
    assert sum(len(one.body) for one in proxy.exchanges) < 250 * RESOURCES
    assert passed(proxy) == {"GET secrets": 1, "POST query": 1}
    assert proxy.connections == before + 1
    emulator.inject(Fault(Delay(0.15), method="DELETE", times=None), Fault(Delay(0.15), method="POST", times=None))
    engine.destroy()
    assert RESOURCES / PARALLEL <= passed(proxy).total() <= JOINED


@pytest.mark.alone
def test_many_resources_join_on_a_fast_server_too(engine: Engine, proxy: InterceptingProxy) -> None:
    """Calls that are answered in a millisecond are waited for, since a transaction costs more than their moment.

    The least of three runs: a machine that stops for a moment splits a batch.
    """
    transactions = []
    for prefix in ("one", "two", "three"):
        engine.up(*many_resources(prefix))
        transactions.append(passed(proxy)["PATCH secrets"])
    assert min(transactions) <= RESOURCES / 2
    engine.destroy()
    assert passed(proxy).total() <= JOINED
