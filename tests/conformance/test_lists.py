"""What a server without tasks, checks, endpoints and rules lists; and what needs no token, on both servers."""

from __future__ import annotations

import json

import pytest
from wire import Wire, is_from

PAGE = "descending=false\\u0026limit=20\\u0026offset=0"
TASKS = "failed to decode request: "
BELOW = "checks", "notificationEndpoints", "notificationRules"


@pytest.mark.parametrize("resource", BELOW)
def test_list_that_is_empty_names_its_page(wire: Wire, resource: str) -> None:
    """The id of the org comes back in small letters."""
    for org_id in (wire.org_id, wire.org_id.upper()):
        reply = wire.send("GET", f"/api/v2/{resource}?orgID={org_id}")
        link = f"/api/v2/{resource}?{PAGE}\\u0026orgID=<org>"
        assert (reply.status, reply.body.decode()) == (200, f'{{"{resource}":[],"links":{{"self":"{link}"}}}}\n')
    reply = wire.send("GET", f"/api/v2/{resource}?orgID=ORG&limit=7&offset=3")
    assert b"limit=7\\u0026offset=3\\u0026" in reply.body


def test_list_of_tasks_that_is_empty_names_its_page(wire: Wire) -> None:
    """Tasks are paged by the last id, and have larger pages."""
    # It sees no task of another org, which other tests may have made.
    token = wire.server.create_token(wire.org)
    for query, page in [
        ("", "limit=100"),
        ("?orgID=ORG&limit=500", "limit=500\\u0026orgID=<org>"),
        ("?orgID=ORG&after=00000000000000aa", "after=00000000000000aa\\u0026limit=100\\u0026orgID=<org>"),
    ]:
        reply = wire.send("GET", f"/api/v2/tasks{query}", token=token)
        expected = f'{{"links":{{"self":"/api/v2/tasks?{page}"}},"tasks":[]}}\n'
        assert (reply.status, reply.body.decode()) == (200, expected)


@pytest.mark.parametrize("resource", ["tasks", *BELOW])
def test_list_of_an_org_that_is_hidden_or_gone_is_empty(wire: Wire, resource: str) -> None:
    """Nothing tells it from that of an org without any."""
    for token in (wire.server.create_token(wire.org), wire.server.create_token(wire.org, active=False), "operator"):
        for org_id in ("ORG", "0000000000000001"):
            reply = wire.send("GET", f"/api/v2/{resource}?orgID={org_id}", token=token)
            assert (reply.status, json.loads(reply.body)[resource]) == (200, [])


@pytest.mark.parametrize(
    ("query", "status", "code", "problem"),
    [
        ("tasks?orgID=xyz", 400, "invalid", f"{TASKS}id must have a length of 16 bytes"),
        ("tasks?after=x", 400, "invalid", f"{TASKS}id must have a length of 16 bytes"),
        ("tasks?limit=501&orgID=gggggggggggggggg&after=x", 400, "invalid", f"{TASKS}id must have a length of 16 bytes"),
        ("tasks?limit=501&orgID=gggggggggggggggg", 400, "invalid", f"{TASKS}invalid ID"),
        ("tasks?limit=501", 400, "invalid", f"{TASKS}limit must be between 1 and 500"),
        ("checks?orgID=xyz", 400, "invalid", "orgID is invalid: id must have a length of 16 bytes"),
        ("checks?limit=101&orgID=xyz", 400, "invalid", "limit must be between 1 and 100"),
        ("checks?limit=101&offset=x", 400, "invalid", "offset is invalid"),
        ("notificationRules?offset=x", 400, "invalid", "offset is invalid"),
        ("notificationEndpoints?orgID=&limit=101", 400, "invalid", "limit must be between 1 and 100"),
        ("notificationEndpoints", 401, "unauthorized", "cannot process a request without a org or user filter"),
    ],
)
def test_list_with_wrong_arguments_is_refused(wire: Wire, query: str, status: int, code: str, problem: str) -> None:
    """In compact JSON, in the words of each handler."""
    reply = wire.send("GET", f"/api/v2/{query}")
    assert (reply.status, reply.body.decode()) == (status, f'{{"code":"{code}","message":"{problem}"}}')


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_health_needs_no_token_and_tells_the_version(wire: Wire, method: str) -> None:
    """Any method, with the build and version in the headers."""
    reply = wire.send(method, "/health", token=None)
    assert reply.status == 200
    assert reply.headers["X-Influxdb-Build"] == "OSS"
    if method != "HEAD":
        assert json.loads(reply.body)["status"] == "pass"
        assert json.loads(reply.body)["version"] == reply.headers["X-Influxdb-Version"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("target", ["/ready", "/ready/", "/ready/x"])
def test_ready_needs_no_token_and_tells_for_how_long(wire: Wire, method: str, target: str) -> None:
    """Any method, in JSON that is indented by blanks; 2.10 adds a member, packs it, and has nothing below the path."""
    reply = wire.send(method, target, token=None)
    if is_from(reply, (2, 10)):
        assert reply.status == (404 if target.endswith("/x") else 200)
        assert reply.status == 404 or json.loads(reply.body)["status"] == "ready"
        return
    expected = b'{\n    "status": "ready",\n    "started": "<time>",\n    "up": "<time>"\n}\n'
    assert (reply.status, reply.body) == (200, expected)
    assert reply.headers["X-Influxdb-Version"].startswith("v2.")


def test_ping_needs_no_token_and_has_no_body(wire: Wire) -> None:
    """204 with the version in a header."""
    reply = wire.send("GET", "/ping", token=None)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["X-Influxdb-Version"].startswith("v2.")
