"""An influxd before 2.7: all works but the comparison of values, which it cannot do, and that is said."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from engine.stack import NewStack, Stack
    from servers import InfluxdServer

TOO_OLD = "the server is older than InfluxDB 2.7, which brought the Flux function that this needs"
BOTH = """
influx.Secret("single", org=ORG, key="S", value=VALUE)
influx.OrgSecrets("shared", org=ORG, secrets={"A": VALUE, "B": VALUE})
"""


@pytest.fixture
def org(influxd_2_6: InfluxdServer) -> str:
    name = f"acme-{os.urandom(4).hex()}"
    influxd_2_6.create_org(name)
    return name


@pytest.fixture
def old(new_stack: NewStack, influxd_2_6: InfluxdServer, org: str) -> Stack:
    """A stack with a single secret and a map, applied."""
    made = new_stack(influxd_2_6.environment, ORG=org, VALUE="first").program(BOTH)
    made.up()
    return made


def said(diagnostics: list[str]) -> list[str]:
    return [text for text in diagnostics if "values cannot be checked" in text]


def test_life_on_an_old_server(old: Stack, influxd_2_6: InfluxdServer, org: str) -> None:
    """Create, nothing to do, rotate, repair of what is missing, destroy."""
    assert influxd_2_6.values(org) == dict.fromkeys("SAB", "first")
    assert set(old.up().steps.values()) == {"same"}
    old.program(BOTH, VALUE="second").up()
    assert influxd_2_6.values(org) == dict.fromkeys("SAB", "second")
    influxd_2_6.remove_secret(org, "A")
    influxd_2_6.remove_secret(org, "S")
    assert "deleted" in old.preview("--refresh", diff=True).output
    old.up("--refresh")
    assert influxd_2_6.values(org) == dict.fromkeys("SAB", "second")
    old.destroy()
    assert influxd_2_6.keys(org) == []


def test_changed_value_on_an_old_server_is_not_seen_and_that_is_said_once(
    old: Stack, influxd_2_6: InfluxdServer, org: str
) -> None:
    """One notice for all resources; where values must be verified it is an error instead, and the state stays."""
    influxd_2_6.put_secret(org, "A", "theirs")
    refreshed = old.refresh()
    (notice,) = said(refreshed.diagnostics)
    assert notice.strip().endswith(f"values cannot be checked on this server, only which keys exist: {TOO_OLD}")
    assert old.stored("shared")["outputs"]["drift"] == {}
    old.set_config("influx-secrets:verifyValues", "always")
    old.up()  # A refresh goes by the settings of the last run.
    refused = old.refresh(fails=True)
    assert any(f"verifyValues is always, and {TOO_OLD}" in line for line in refused.errors)
    assert influxd_2_6.values(org) == {"S": "first", "A": "theirs", "B": "first"}


def test_existing_key_on_an_old_server_takes_overwrite(old: Stack, influxd_2_6: InfluxdServer, org: str) -> None:
    """Nobody can tell whether its value is equal, so it is refused, in the preview already."""
    influxd_2_6.put_secret(org, "C", "first")
    refused = old.program(f'{BOTH}influx.Secret("third", org=ORG, key="C", value=VALUE)').preview(fails=True)
    assert "its value cannot be compared on this server" in " ".join(refused.errors)
    old.program(f'{BOTH}influx.Secret("third", org=ORG, key="C", value=VALUE, overwrite=True)').up()
    assert influxd_2_6.values(org)["C"] == "first"
