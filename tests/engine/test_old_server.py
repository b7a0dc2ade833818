"""An influxd before 2.7: all works but the comparison of values, which it cannot do, and that is reported."""

from __future__ import annotations

import os

from engine.stack import NewStack
from servers import InfluxdServer

TOO_OLD = "is older than InfluxDB 2.7. Upgrade the server to compare values (IS511)"
BOTH = """
influx.Secret("single", org=ORG, key="S", value=VALUE)
influx.OrgSecrets("shared", org=ORG, secrets={"A": VALUE, "B": VALUE})
"""
THIRD = '\ninflux.Secret("third", org=ORG, key="C", value=VALUE, overwrite=bool(OVERWRITE))'


def test_life_on_an_old_server(new_stack: NewStack, influxd_2_6: InfluxdServer) -> None:
    """Rotating and repairing what is missing work; changed values are not seen, existing keys not compared."""
    org = f"acme-{os.urandom(4).hex()}"
    influxd_2_6.create_org(org)
    old = new_stack(influxd_2_6.environment, ORG=org, VALUE="first").program(BOTH)
    old.up()
    assert influxd_2_6.values(org) == dict.fromkeys("SAB", "first")
    assert set(old.up().steps.values()) == {"same"}
    old.program(BOTH, VALUE="second").up()
    assert influxd_2_6.values(org) == dict.fromkeys("SAB", "second")
    for key in ("A", "S"):
        influxd_2_6.remove_secret(org, key)
    assert "deleted" in old.preview("--refresh", diff=True).output
    old.up("--refresh")
    assert influxd_2_6.values(org) == dict.fromkeys("SAB", "second")

    influxd_2_6.put_secret(org, "A", "theirs")
    (notice,) = [text for text in old.refresh().diagnostics if "values cannot be compared" in text]
    assert f"so changed values are not noticed: the server {influxd_2_6.url} {TOO_OLD}" in notice
    assert old.stored("shared")["outputs"]["drift"] == {}

    influxd_2_6.put_secret(org, "C", "second")
    refused = old.program(BOTH + THIRD, VALUE="second", OVERWRITE="").preview(fails=True)
    assert "its value cannot be compared with the declared value" in " ".join(refused.errors)
    old.set_config("influx-secrets:verifyValues", "always")
    old.program(BOTH + THIRD, VALUE="third", OVERWRITE="yes")
    refused = old.preview(fails=True)
    cause = f'verifyValues is "always", but values cannot be compared: the server {influxd_2_6.url} {TOO_OLD}'
    assert any(cause in line for line in refused.errors)
    old.pulumi("config", "rm", "influx-secrets:verifyValues")
    old.up()
    assert influxd_2_6.values(org) == dict.fromkeys("SABC", "third")
    old.destroy()
    assert influxd_2_6.keys(org) == []
