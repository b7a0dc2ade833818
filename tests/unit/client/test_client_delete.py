"""Removing keys: which route each key takes, and what a missing route leads to."""

from __future__ import annotations

import json

import pytest
from scripted_server import Step, answer, json_answer
from sending import ORG, SECRETS, asked, client

from influx_secrets import _errors as errors

DONE = answer(204)
NO_ORG = json_answer(404, {"code": "not found", "message": "404 page not found"})
NO_ROUTE = [
    answer(405),
    NO_ORG,
    answer(404, "404 page not found\n", content_type="text/plain"),
    json_answer(501, {"code": "not implemented", "message": "x"}),
]


@pytest.mark.parametrize("key", ["A", "a.b", "~", "-", "_", ".a", "a.", "delete", "A" * 300])
def test_delete_plain_key_uses_the_delete_route(key: str) -> None:
    """A key of unreserved characters is the path's last part, as it is."""
    with client(DONE) as (made, seen):
        made.delete_secret(ORG, key)
        assert asked(seen) == [("DELETE", f"{SECRETS}/{key}")]


@pytest.mark.parametrize(
    "key",
    [
        "",
        ".",
        "..",
        "...",
        " ",
        "a b",
        "a/b",
        "a,b",
        "%2F",
        "%",
        "ключ",
        "\0",
        "a\n",
        "x=1&y",
        *"!\"#$&'()*+,/:;<=>?@[\\]^`{|}",
    ],
)
def test_delete_other_key_uses_the_post_route(key: str) -> None:
    """A key that some path library would change travels in a body."""
    with client(DONE) as (made, seen):
        made.delete_secret(ORG, key)
        assert asked(seen) == [("POST", f"{SECRETS}/delete")]
        assert json.loads(seen[0].body) == {"secrets": [key]}


@pytest.mark.parametrize("missing", NO_ROUTE)
def test_delete_missing_delete_route_falls_back_to_post(missing: Step) -> None:
    """A server without the DELETE route still removes the key."""
    with client(missing, DONE) as (made, seen):
        made.delete_secret(ORG, "K")
        assert asked(seen) == [("DELETE", f"{SECRETS}/K"), ("POST", f"{SECRETS}/delete")]


@pytest.mark.parametrize("missing", NO_ROUTE)
def test_delete_many_missing_post_route_falls_back_to_delete(missing: Step) -> None:
    """A server without the POST route removes the keys one by one."""
    with client(missing, DONE) as (made, seen):
        made.delete_secrets(ORG, ["A", "B"])
        assert asked(seen) == [("POST", f"{SECRETS}/delete"), ("DELETE", f"{SECRETS}/A"), ("DELETE", f"{SECRETS}/B")]


def test_delete_many_missing_post_route_does_not_half_remove() -> None:
    """Where a path cannot carry one of the keys, none is removed."""
    with client(answer(405), DONE) as (made, seen):
        with pytest.raises(errors.MethodNotAllowedError):
            made.delete_secrets(ORG, ["A", "a/b"])
        assert asked(seen) == [("POST", f"{SECRETS}/delete")]


def test_delete_unknown_org_fails_with_the_first_answer() -> None:
    """Both routes say 404: the error is the API's, and names the call that was meant."""
    with client(NO_ORG) as (made, seen):
        with pytest.raises(errors.NotFoundError, match=f'cannot remove the secret "K" of the org {ORG}') as caught:
            made.delete_secret(ORG, "K")
        assert caught.value.method == "DELETE"
        assert len(seen) == 2


@pytest.mark.parametrize("status", [401, 400])
def test_delete_refusal_takes_no_other_route(status: int) -> None:
    """A refusal is no missing route."""
    with client(json_answer(status, {"code": "invalid"})) as (made, seen):
        with pytest.raises(errors.APIError):
            made.delete_secret(ORG, "K")
        with pytest.raises(errors.APIError):
            made.delete_secrets(ORG, ["K"])
        assert len(seen) == 2


def test_delete_html_refusal_takes_no_other_route() -> None:
    """A proxy's error page is no missing route."""
    with client(answer(403, "<html>", content_type="text/html")) as (made, seen):
        with pytest.raises(errors.ResponseError):
            made.delete_secret(ORG, "K")
        assert len(seen) == 1


def test_delete_second_route_failing_otherwise_is_what_is_raised() -> None:
    """When the other route fails for a reason of its own, that reason is told."""
    refusal = json_answer(401, {"code": "unauthorized"})
    with client(answer(405), refusal) as (made, _), pytest.raises(errors.UnauthorizedError):
        made.delete_secret(ORG, "K")


def test_delete_many_sends_one_post_with_each_key_once() -> None:
    """Any iterable, any key: one transaction."""
    with client(DONE) as (made, seen):
        made.delete_secrets(ORG, iter(["a/b", "A", "a/b"]))
        (one,) = seen
    assert (one.method, one.target) == ("POST", f"{SECRETS}/delete")
    assert json.loads(one.body) == {"secrets": ["a/b", "A"]}


def test_delete_nothing_makes_no_request() -> None:
    """No keys, no request."""
    with client(DONE) as (made, seen):
        made.delete_secrets(ORG, ())
        assert seen == []
