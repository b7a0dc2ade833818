"""The client's calls for readers of secrets and for Flux: pages, shapes, and what is asked without writing."""

from __future__ import annotations

import json

import pytest
from scripted_server import Step, answer, json_answer
from sending import ORG, SECRETS, asked, client

from influx_secrets import _errors as errors
from influx_secrets._client.payloads import Health
from influx_secrets._client.readers import Alerts, Endpoint, FluxScript


def task(number: int) -> dict[str, str]:
    return {"id": f"{number:016x}", "name": f"task {number}", "status": "active", "flux": f"x = {number}"}


def check(number: int) -> dict[str, object]:
    return {"id": f"{number:016x}", "name": f"check {number}", "status": "inactive", "query": {"text": "x"}}


def page(resource: str, *items: object, following: str | None = None) -> Step:
    links = {"self": "/self"} if following is None else {"self": "/self", "next": following}
    return json_answer(200, {resource: items, "links": links})


def test_tasks_are_listed_page_by_page() -> None:
    """The server says what follows, and whether anything does; the path is never its."""
    following = f"http://elsewhere.example/api/v2/users?after={1:016x}&limit=500&orgID={ORG}"
    with client(page("tasks", task(1), following=following), page("tasks", task(900))) as (made, seen):
        found = made.list_tasks(ORG)
    assert found[0] == FluxScript("task", f"{1:016x}", "task 1", active=True, flux="x = 1")
    assert [one.name for one in found] == ["task 1", "task 900"]
    assert asked(seen) == [
        ("GET", f"/api/v2/tasks?orgID={ORG}&limit=500"),
        ("GET", f"/api/v2/tasks?after={1:016x}&limit=500&orgID={ORG}"),
    ]


def test_page_that_is_not_full_is_not_the_last() -> None:
    """Influxd 2.9.1 leaves out a check whose task was deleted, even the only one of a page."""
    following = "/api/v2/checks?descending=false&limit=100&offset={}&orgID=" + ORG
    pages = page("checks", following=following.format(100)), page("checks", check(1))
    with client(*pages) as (made, seen):
        found = made.list_checks(ORG)
    assert found == (FluxScript("check", f"{1:016x}", "check 1", active=False, flux="x"),)
    assert asked(seen) == [("GET", f"/api/v2/checks?orgID={ORG}&limit=100"), ("GET", following.format(100))]


def test_alerts_are_endpoints_and_rules_with_what_runs() -> None:
    """A request for each rule; one whose task is gone or hidden is left out."""
    endpoint = {
        "id": "1",
        "name": "e",
        "status": "active",
        "token": "secret: A b",
        "routingKey": "",
        "url": "secret: X",
    }
    rules = [{"id": str(n), "name": f"rule {n}", "status": "inactive", "taskID": f"t{n}"} for n in range(3)]
    missing = [
        json_answer(
            404, {"code": "not found", "message": f"failed to find task: {why}"}, x_platform_error_code="not found"
        )
        for why in ("unauthorized", "task not found")
    ]
    script = 'x = secrets["get"](key: "q\\"\\\\")'
    steps = (page("notificationEndpoints", endpoint), page("notificationRules", *rules), *missing)
    with client(*steps, json_answer(200, {"flux": script})) as (made, seen):
        found = made.list_alerts(ORG)
    e = Endpoint("endpoint", "1", "e", active=True, keys=frozenset({"A b"}))
    rule = FluxScript("rule", "2", "rule 2", active=False, flux=script)
    assert found == Alerts((e,), (rule,))
    assert asked(seen)[2:] == [("GET", f"/api/v2/tasks/t{n}") for n in range(3)]
    assert [found.readers(key) for key in ("A b", 'q"\\', "A", "x")] == [(e,), (rule,), (), ()]


def test_alerts_task_behind_a_wrong_path_is_an_error() -> None:
    """A 404 of a gateway says nothing about the rule."""
    rule = {"id": "1", "name": "r", "status": "active", "taskID": "t"}
    nowhere = json_answer(404, {"code": "not found", "message": "path not found"})
    steps = (page("notificationEndpoints"), page("notificationRules", rule), nowhere)
    with client(*steps) as (made, _), pytest.raises(errors.NotFoundError, match='read the task of the rule "r"'):
        made.list_alerts(ORG)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"tasks": None, "links": {}},
        {"tasks": [{"id": 1}], "links": {}},
        {"tasks": [{**task(1), "flux": 5}], "links": {}},
        {"tasks": []},
        {"tasks": [], "links": {"next": 5}},
    ],
)
def test_tasks_of_another_shape_are_not_the_apis(body: object) -> None:
    """Nothing is made of an answer that is not understood."""
    with (
        client(json_answer(200, body)) as (made, _),
        pytest.raises(errors.ResponseError, match="list the tasks of the org"),
    ):
        made.list_tasks(ORG)


def test_script_does_not_show_its_flux() -> None:
    """A script may hold a password that somebody wrote into it."""
    assert "x = 1" not in repr(FluxScript("task", "1", "t", active=True, flux="x = 1"))


def test_flux_is_parsed_by_the_server() -> None:
    """The script goes out as JSON text, whatever its characters."""
    with client(json_answer(200, {"ast": {"type": "Package"}})) as (made, seen):
        assert made.parse_flux('x = "ü\0"') == {"type": "Package"}
    assert asked(seen) == [("POST", "/api/v2/query/ast")]
    assert json.loads(seen[0].body) == {"query": 'x = "ü\0"'}


@pytest.mark.parametrize("body", [[], {}, {"ast": None}])
def test_flux_tree_of_another_shape_is_not_the_apis(body: object) -> None:
    """Nothing is made of an answer that is not understood."""
    with client(json_answer(200, body)) as (made, _), pytest.raises(errors.ResponseError, match="parse a Flux script"):
        made.parse_flux("x = 1")


def test_flux_that_is_no_text_is_refused_before_any_request() -> None:
    """Half of a surrogate pair cannot be sent."""
    with client(answer(200)) as (made, seen), pytest.raises(errors.DeclarationError, match="the Flux script"):
        made.parse_flux("\ud800")
    assert seen == []


def test_write_permission_is_asked_for_with_no_keys() -> None:
    """A PATCH of nothing writes nothing, and the server looks at the permission all the same."""
    lacks = {"code": "unauthorized", "message": f"write:orgs/{ORG}/secrets is unauthorized"}
    with client(answer(204), json_answer(401, lacks)) as (made, seen):
        assert made.may_write(ORG)
        assert not made.may_write(ORG)
    assert asked(seen) == [("PATCH", SECRETS)] * 2
    assert [one.body for one in seen] == [b"{}"] * 2


def test_write_permission_of_a_wrong_token_is_an_error() -> None:
    """A token that the server does not know has no permission that could be missing."""
    wrong = {"code": "unauthorized", "message": "unauthorized access"}
    with client(json_answer(401, wrong)) as (made, _), pytest.raises(errors.UnauthorizedError):
        made.may_write(ORG)


def test_health_tells_what_the_server_is() -> None:
    """The version from the body; what it was built as, and its clock, from the headers."""
    health = json_answer(200, {"version": "v2.9.1"}, x_influxdb_build="OSS", date="Tue, 24 Nov 2026 10:05:01 GMT")
    with client(health, json_answer(200, {"version": "1.8.10"})) as (made, _):
        assert made.health() == Health("v2.9.1", "OSS", "Tue, 24 Nov 2026 10:05:01 GMT")
        assert made.health() == Health("1.8.10", None, None)
