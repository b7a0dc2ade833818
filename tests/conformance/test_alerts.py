"""Who uses secrets in alerts: endpoints name keys, tasks of rules read them; the same on both servers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from conformance.other_writers import put_endpoint, put_rule
from wire import Reply, Wire

REFERENCES = [
    ("slack", {"token": "secret: A"}, {"token": "secret: A"}),
    ("slack", {"token": "secret:A"}, {"token": "secret: <id>-token"}),
    ("slack", {}, {"token": ""}),
    ("pagerduty", {"routing_key": "secret: A b"}, {"routingKey": "secret: A b"}),
    ("http", {"token": "t"}, {"token": "secret: <id>-token"}),
    (
        "http",
        {"username": "secret: U", "password": "p"},
        {"username": "secret: U", "password": "secret: <id>-password"},
    ),
    ("telegram", {"token": "secret: A"}, {"token": "secret: A"}),
]
NOBODY = "0000000000000001"


def get(wire: Wire, path: str, token: str | None = "operator") -> Reply:
    return wire.send("GET", f"/api/v2/{path}", token=token)


def listed(wire: Wire, resource: str, page: str = "") -> list[dict[str, Any]]:
    reply = get(wire, f"{resource}?orgID=ORG{page}")
    assert reply.status == 200
    items: list[dict[str, Any]] = json.loads(reply.body)[resource]
    return items


@pytest.mark.parametrize(("kind", "credentials", "shown"), REFERENCES)
def test_endpoint_shows_the_keys_of_its_credentials(
    wire: Wire, kind: str, credentials: dict[str, str], shown: dict[str, str]
) -> None:
    """By reference, in the list and by its id; the key of another writer is not its own."""
    endpoint_id = put_endpoint(wire.server, wire.org, kind, None, **credentials)
    (item,) = listed(wire, "notificationEndpoints")
    assert (item["id"], item["orgID"], item["type"], item["status"]) == (endpoint_id, "<org>", kind, "active")
    assert {name: item[name].replace(str(endpoint_id), "<id>") for name in shown} == shown
    assert json.loads(get(wire, f"notificationEndpoints/{endpoint_id}").body) == item
    assert len(wire.keys) == sum("<id>" in value for value in shown.values())


@pytest.mark.parametrize(("kind", "credentials", "shown"), REFERENCES)
def test_rule_runs_as_a_task_that_reads_the_keys_of_its_endpoint(
    wire: Wire, kind: str, credentials: dict[str, str], shown: dict[str, str]
) -> None:
    """No list shows the task; it goes on reading those keys after the endpoint was given another one."""
    endpoint_id = put_endpoint(wire.server, wire.org, kind, None, **credentials)
    assert endpoint_id is not None
    rule_id = put_rule(wire.server, wire.org, endpoint_id, kind, "alarm")
    (rule,) = listed(wire, "notificationRules")
    expected = (rule_id, "alarm", "<org>", endpoint_id, kind, "active")
    assert tuple(rule[name] for name in ("id", "name", "orgID", "endpointID", "type", "status")) == expected
    assert listed(wire, "tasks") == []
    reads = [value.removeprefix("secret: ").replace("<id>", endpoint_id) for value in shown.values() if value]
    task = json.loads(get(wire, f"tasks/{rule['taskID']}").body)
    assert (task["id"], task["name"], task["orgID"], task["status"]) == (rule["taskID"], "alarm", "<org>", "active")
    assert re.findall(r'secrets\["get"\]\(key: "([^"]*)"\)', task["flux"]) == reads
    others = {name: f"secret: OTHER_{name}" for name in credentials}
    assert put_endpoint(wire.server, wire.org, kind, endpoint_id, **others) == endpoint_id
    assert json.loads(get(wire, f"tasks/{rule['taskID']}").body)["flux"] == task["flux"]


def test_alerts_are_hidden_from_a_token_without_permission(wire: Wire) -> None:
    """Lists are empty, a task looks as if it were none, and an endpoint alone tells whether it is there."""
    endpoint_id = str(put_endpoint(wire.server, wire.org, "slack", None, token="t"))
    put_rule(wire.server, wire.org, endpoint_id, "slack")
    (rule,) = listed(wire, "notificationRules")
    token = wire.server.create_token(wire.org)
    for resource in ("notificationEndpoints", "notificationRules"):
        assert json.loads(get(wire, f"{resource}?orgID=ORG", token).body)[resource] == []
    for path, status, code, message in [
        (
            f"notificationEndpoints/{endpoint_id}",
            401,
            "unauthorized",
            f"read:orgs/<org>/notificationEndpoints/{endpoint_id} is unauthorized",
        ),
        (
            f"notificationEndpoints/{NOBODY}",
            404,
            "not found",
            f'notification endpoint not found for key \\"{NOBODY}\\"',
        ),
        ("notificationEndpoints/x", 400, "invalid", "id must have a length of 16 bytes"),
        (f"tasks/{rule['taskID']}", 404, "not found", "failed to find task: unauthorized"),
        (f"tasks/{NOBODY}", 404, "not found", "failed to find task: task not found"),
        ("tasks/x", 400, "invalid", "failed to decode request: id must have a length of 16 bytes"),
    ]:
        reply = get(wire, path, token)
        assert reply.status == status
        assert reply.body.decode() == f'{{"code":"{code}","message":"{message}"}}'


@pytest.mark.parametrize("resource", ["notificationEndpoints", "notificationRules"])
def test_lists_of_alerts_have_pages(wire: Wire, resource: str) -> None:
    """Each names the ones beside it; a full page has a next one even if nothing is on that."""
    for number in range(4):
        endpoint_id = str(put_endpoint(wire.server, wire.org, "slack", None, token="secret: A"))
        put_rule(wire.server, wire.org, endpoint_id, "slack", f"rule {number}")
    ids = [item["id"] for item in listed(wire, resource)]
    assert len(ids) == 4
    for offset, others in [
        (0, {"next": 2}),
        (1, {"prev": 0, "next": 3}),
        (2, {"prev": 0, "next": 4}),
        (4, {"prev": 2}),
    ]:
        reply = json.loads(get(wire, f"{resource}?orgID=ORG&limit=2&offset={offset}").body)
        assert [item["id"] for item in reply[resource]] == ids[offset : offset + 2]
        path = f"/api/v2/{resource}?descending=false&limit=2&offset="
        links = {name: f"{path}{at}&orgID=<org>" for name, at in {**others, "self": offset}.items()}
        assert reply["links"] == links
