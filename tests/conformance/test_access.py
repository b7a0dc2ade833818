"""Tokens: who may do what, and what the others are told, on the emulator and on the real server."""

from __future__ import annotations

import json

import pytest
from wire import Wire, error, exchange

UNAUTHENTICATED = b'{"code":"unauthorized","message":"unauthorized access"}'


def refused(action: str, resource: str) -> bytes:
    """Return the body for a token without a permission."""
    return error("unauthorized", f"{action}:{resource} is unauthorized")


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token", "BEARER"])
def test_token_either_scheme_is_accepted(wire: Wire, scheme: str) -> None:
    """`Token` and `Bearer`, in any case."""
    headers = {"Authorization": f"{scheme} {wire.server.token}"}
    assert wire.send("GET", "/api/v2/orgs/ORG/secrets", token=None, headers=headers).status == 200


@pytest.mark.parametrize("header", [None, "Token", "Token ", "Token wrong", "Basic dXNlcjpwYXNz", "wrong"])
def test_token_missing_or_wrong_is_401_in_compact_json(wire: Wire, header: str | None) -> None:
    """Whoever is not known learns nothing else, not even whether the path or the id is right."""
    headers = {"Authorization": header} if header else {}
    for target in ("/api/v2/orgs/ORG/secrets", "/api/v2/orgs/xyz/secrets", "/api/v2/nothing", "/api/v2/query"):
        reply = wire.send("GET", target, token=None, headers=headers)
        assert (reply.status, reply.body) == (401, UNAUTHENTICATED)
        assert reply.headers["X-Platform-Error-Code"] == "unauthorized"


def test_me_is_shown_to_the_operator_alone(wire: Wire) -> None:
    """Any other token is told which permission it lacks, so that a valid one can be told from a wrong one."""
    reply = wire.send("GET", "/api/v2/me")
    me = json.loads(reply.body)
    assert (reply.status, me["status"], me["links"]) == (200, "active", {"self": f"/api/v2/users/{me['id']}"})
    reply = wire.send("GET", "/api/v2/me", token=wire.server.create_token(wire.org))
    assert (reply.status, reply.body) == (401, refused("read", f"users/{me['id']}"))
    assert [wire.send(method, "/api/v2/me").status for method in ("PUT", "HEAD")] == [405, 405]


def test_body_is_read_before_the_permission_is_checked(wire: Wire) -> None:
    """Bad JSON is 400 also for a token that may not write."""
    token = wire.server.create_token(wire.org, write_secrets=False)
    assert wire.send("PATCH", "/api/v2/orgs/ORG/secrets", "bad", token=token).status == 400


def test_token_given_twice_is_the_first(wire: Wire) -> None:
    """Of a header that comes twice, the first counts."""
    for first, second, status in [(wire.server.token, "wrong", 200), ("wrong", wire.server.token, 401)]:
        lines = [
            f"GET /api/v2/orgs/{wire.org_id}/secrets HTTP/1.1",
            "Host: test",
            "Connection: close",
            f"Authorization: Token {first}",
            f"Authorization: Token {second}",
        ]
        assert exchange(wire.server, "GET", "\r\n".join([*lines, "", ""]).encode()).status == status
