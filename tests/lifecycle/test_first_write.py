"""A first write of very many keys: in several transactions where the next run can complete it, else in one."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
from intercepting_proxy import Exchange, InterceptingProxy
from lifecycle.provider_process import CallError, Engine, ProviderProcess, org_secrets

from influx_secrets.emulator import Emulator, Fault, Page, Status

KEYS = 10_001
VALUES = {f"KEY_{n:05}": f"the value number {n:05}" for n in range(KEYS)}
PARTS = [5_000, 5_000, 1]
FEW = {key: VALUES[key] for key in ("KEY_00000", "KEY_00001")}


@pytest.fixture
def engine(emulator: Emulator, proxy: InterceptingProxy) -> Engine:
    """An engine whose provider goes through the proxy."""
    return Engine({**emulator.environment, "INFLUX_HOST": proxy.url})


def patches(proxy: InterceptingProxy) -> list[int]:
    """Return the number of keys of each PATCH since the last look."""
    found = [len(json.loads(one.body)) for one in proxy.exchanges if one.method == "PATCH"]
    proxy.exchanges.clear()
    return found


def test_first_write_of_very_many_keys_is_several_transactions(
    engine: Engine, emulator: Emulator, proxy: InterceptingProxy
) -> None:
    """The time of one grows with the square of its new keys; what follows is one transaction again."""
    engine.up(org_secrets("all", VALUES, org="acme"))
    assert patches(proxy) == PARTS
    assert emulator.secrets("acme") == VALUES
    new = {key: f"new {value}" for key, value in VALUES.items()}
    assert engine.up(org_secrets("all", new, org="acme")) == {"all": "update"}
    assert patches(proxy) == [KEYS]


@pytest.mark.parametrize(
    ("stored", "options", "config"),
    [
        ({}, {"rotate_on": {"KEY_00000": "2026-11"}}, {}),
        ({}, {}, {"influx-secrets:verifyValues": "never"}),
        (dict.fromkeys(VALUES, "theirs"), {"overwrite": True}, {}),
    ],
    ids=["rotate_on", "no proofs", "keys that exist"],
)
def test_first_write_is_one_transaction_where_a_part_would_not_be_known_again(
    engine: Engine,
    emulator: Emulator,
    proxy: InterceptingProxy,
    stored: dict[str, str],
    options: dict[str, Any],
    config: dict[str, str],
) -> None:
    """Or where it would save no time, because the keys are there."""
    for key, value in stored.items():
        emulator.put_secret("acme", key, value)
    engine = Engine(engine.environ, config)
    engine.up(org_secrets("all", VALUES, org="acme", **options))
    assert patches(proxy) == [KEYS]


def test_first_write_needs_no_proof(engine: Engine, emulator: Emulator, proxy: InterceptingProxy) -> None:
    """A gateway that answers queries with a page of its own, or a server that must prove and cannot."""
    emulator.inject(Fault(Page(404), path="*/query", times=None))
    engine.up(org_secrets("all", VALUES, org="acme"))
    assert patches(proxy) == [KEYS]


def test_later_write_of_very_many_new_keys_is_one_transaction(engine: Engine, proxy: InterceptingProxy) -> None:
    """The state names the resource, and a reader sees all keys of the change or none."""
    engine.up(org_secrets("all", FEW, org="acme"))
    engine.up(org_secrets("all", VALUES, org="acme"))
    assert patches(proxy) == [2, KEYS - 2]


def test_first_write_that_fails_midway_is_reported_and_completed(
    engine: Engine, emulator: Emulator, proxy: InterceptingProxy
) -> None:
    """Its keys are in no state: the next run finds their values equal, and adopts them."""
    emulator.inject(Fault(Status(400), path="*/secrets", method="PATCH", nth=2))
    assert engine.up(org_secrets("all", VALUES, org="acme"))["all"].startswith("failed: ")
    assert "a request failed, after 5,000 of 10,001 keys of the org" in engine.said
    assert len(emulator.secrets("acme")) == PARTS[0]
    assert patches(proxy) == PARTS[:2]
    assert engine.up(org_secrets("all", VALUES, org="acme")) == {"all": "create"}
    assert patches(proxy) == [KEYS]  # of which 5,001 are new
    assert emulator.secrets("acme") == VALUES
    assert set(engine.state["all"].outputs["versions"].values()) == {1}
    assert engine.up(org_secrets("all", VALUES, org="acme")) == {"all": "same"}


def test_provider_killed_between_two_transactions_loses_nothing(
    engine: Engine, emulator: Emulator, proxy: InterceptingProxy
) -> None:
    """The next run adopts what was written, and writes the rest."""
    declared = org_secrets("all", VALUES, org="acme")
    told = {"resource": declared.resource, "preview": False, "resources": [1], **declared.props["declaration"]}
    process = ProviderProcess(engine.environ)

    def kill(passed: Exchange) -> bool:
        if passed.method == "PATCH":
            os.kill(process.pid, signal.SIGKILL)
        return False

    proxy.after = kill
    try:
        inputs = process.check("OrgSecrets", {}, {**declared.props, "declaration": told})
        with pytest.raises(CallError):
            process.create("OrgSecrets", inputs)
    finally:
        process.stop()
        proxy.after = lambda _: False
    assert len(emulator.secrets("acme")) == PARTS[0]
    assert engine.up(declared) == {"all": "create"}
    assert emulator.secrets("acme") == VALUES
