"""`exclusive=True` on influxd: what it removes is named before, and what the server keeps for itself stays."""

from __future__ import annotations

import pytest
from engine.stack import Stack, calls
from intercepting_proxy import InterceptingProxy
from scripts import create_endpoint, create_rule
from servers import InfluxdServer

ONLY = 'influx.OrgSecrets("all", org_id=ORG_ID, secrets={"A": "1"}, exclusive=True, keep=["TEAM_*"])'
ENDPOINTS = {
    "slack": {"url": "https://hooks.slack.example/services", "token": "slack-credential"},
    "pagerduty": {"clientURL": "https://pager.example", "routingKey": "pagerduty-credential"},
    "http": {
        "url": "https://hook.example",
        "method": "POST",
        "authMethod": "basic",
        "username": "http-user",
        "password": "http-password",
    },
}
CREDENTIALS = {"slack-credential", "pagerduty-credential", "http-user", "http-password"}


@pytest.mark.smoke
def test_exclusive_names_what_it_removes_and_keeps_credentials_of_endpoints(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The stray key is named, then gone; alerting's credentials and kept keys are read by Flux as before."""
    org_id = influxd.org_id(acme)
    own = {"orgID": org_id, "status": "active"}
    endpoints = [{"type": kind, "name": kind, **own, **settings} for kind, settings in ENDPOINTS.items()]
    ids = [influxd.call("POST", "/api/v2/notificationEndpoints", endpoint)["id"] for endpoint in endpoints]
    credentials = influxd.values(acme)
    assert set(credentials.values()) == CREDENTIALS
    assert all(any(key.startswith(f"{id_}-") for id_ in ids) for key in credentials)
    for key in ("STRAY", "__STRAY", "TEAM_A"):
        influxd.put_secret(acme, key, "theirs")

    created = stack.program(ONLY, ORG_ID=org_id).preview(diff=True)
    assert created.steps == {"all": "create"}
    lines = [line.strip() for line in created.output.splitlines()]
    shown = [line for line in lines if line.startswith(("STRAY", "\\__STRAY", "TEAM_A", *ids))]
    assert [" ".join(line.split()) for line in shown] == ["STRAY : 1", "\\__STRAY: 1"]
    (said,) = [line for line in created.diagnostics if "(IS609)" in line]
    assert 'exclusive=True removes the keys "STRAY", "__STRAY" of the org' in said
    calls(proxy)
    stack.up()
    looked = ["GET secrets 200", "GET notificationEndpoints 200", "GET notificationRules 200"]
    assert calls(proxy) == [*looked, "PATCH secrets 204", "POST delete 204"]
    expected = credentials | {"A": "1", "TEAM_A": "theirs"}
    assert influxd.values(acme) == expected

    assert stack.up().steps == {"all": "same"}
    assert calls(proxy) == ["GET secrets 200"]

    endpoint_id = create_endpoint(influxd, acme, "on-call", "secret: SLACK_TOKEN")
    task_id = create_rule(influxd, acme, "disk full", endpoint_id)
    influxd.put_secret(acme, "SLACK_TOKEN", "theirs")
    influxd.put_secret(acme, "STRAY", "again")
    influxd.put_secret(acme, "OTHER", "theirs")
    again = stack.preview(diff=True)
    assert again.steps == {"all": "update"}
    assert sorted(line for line in again.changes if "STRAY" in line or "OTHER" in line) == [
        "+ OTHER: 1",
        "~ STRAY: 1 => 2",
    ]
    calls(proxy)
    spared = f'keeps the key "SLACK_TOKEN" of the org {org_id}, because alerts name the key:'
    assert f'{spared} endpoint "on-call", rule "disk full"' in stack.up().output
    assert calls(proxy)[:4] == [*looked, f"GET {task_id} 200"]
    assert influxd.values(acme) == expected | {"SLACK_TOKEN": "theirs"}

    stack.environment["INFLUX_TOKEN"] = ""
    blind = stack.preview(diff=True)
    assert blind.steps == {"all": "update"}
    assert "+ pruned: [unknown]" in blind.changes
    assert "cannot compare all keys with the server" in blind.output

    stack.environment["INFLUX_TOKEN"] = influxd.token
    stack.destroy()
    assert influxd.values(acme) == {key: value for key, value in expected.items() if key != "A"} | {
        "SLACK_TOKEN": "theirs"
    }
