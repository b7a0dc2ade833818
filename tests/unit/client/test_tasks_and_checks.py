"""The client's calls for tasks, checks and Flux: pages, shapes, and what is asked without writing."""

from __future__ import annotations

import json

import pytest
from scripted_server import answer, json_answer
from sending import ORG, SECRETS, asked, client

from influx_secrets import _errors as errors
from influx_secrets._client.payloads import Health
from influx_secrets._client.tasks_and_checks import CHECKS, TASKS, FluxScript


def task(number: int) -> dict[str, str]:
    return {"id": f"{number:016x}", "name": f"task {number}", "status": "active", "flux": f"x = {number}"}


def check(number: int) -> dict[str, object]:
    return {"id": f"{number:016x}", "name": f"check {number}", "status": "inactive", "query": {"text": "x"}}


def test_tasks_are_listed_page_by_page() -> None:
    """A page that is full has a next one, which begins after its last task."""
    numbers = range(TASKS.per_page)
    with client(json_answer(200, {"tasks": [task(n) for n in numbers]}), json_answer(200, {"tasks": [task(900)]})) as (
        made,
        seen,
    ):
        found = made.list_tasks(ORG)
    assert found[0] == FluxScript("task", "0" * 16, "task 0", active=True, flux="x = 0")
    assert len(found) == TASKS.per_page + 1
    first = f"/api/v2/tasks?orgID={ORG}&limit=500"
    assert asked(seen) == [("GET", first), ("GET", f"{first}&after={numbers[-1]:016x}")]


def test_checks_are_listed_page_by_page() -> None:
    """The next page of checks is asked for by the number of those that were seen."""
    with client(
        json_answer(200, {"checks": [check(n) for n in range(CHECKS.per_page)]}), json_answer(200, {"checks": []})
    ) as (made, seen):
        found = made.list_checks(ORG)
    assert found[-1] == FluxScript("check", f"{99:016x}", "check 99", active=False, flux="x")
    assert [target.rpartition("&")[2] for _, target in asked(seen)] == ["offset=0", "offset=100"]


@pytest.mark.parametrize("body", [[], {}, {"tasks": None}, {"tasks": [{"id": 1}]}, {"tasks": [{**task(1), "flux": 5}]}])
def test_tasks_of_another_shape_are_not_the_apis(body: object) -> None:
    """Nothing is made of an answer that is not understood."""
    with (
        client(json_answer(200, body)) as (made, _),
        pytest.raises(errors.ResponseError, match="list the tasks of org"),
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
