"""Tokens: who may do what, and what the others are told, on the emulator and on the real server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from wire import exchange

if TYPE_CHECKING:
    from wire import Reply, Wire

UNAUTHENTICATED = b'{"code":"unauthorized","message":"unauthorized access"}'
NOT_READABLE = b'{\n\t"code": "not found",\n\t"message": "404 page not found"\n}'
GET_SECRET = 'import "array"\nimport "influxdata/influxdb/secrets"\narray.from(rows: [{v: secrets.get(key: "k")}])'


def error(code: str, message: str) -> bytes:
    """Return an error body as the newer handlers write it."""
    return f'{{\n\t"code": "{code}",\n\t"message": "{message}"\n}}'.encode()


def refused(action: str, resource: str) -> bytes:
    """Return the body for a token without a permission."""
    return error("unauthorized", f"{action}:{resource} is unauthorized")


def orgs(reply: Reply) -> list[str]:
    """Return the names of the orgs that a look-up found."""
    assert reply.status == 200, reply
    return [org["name"] for org in json.loads(reply.body)["orgs"]]


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


def test_token_revoked_is_401(wire: Wire) -> None:
    """A revoked token is as good as none."""
    token = wire.server.create_token(wire.org)
    assert wire.send("GET", "/api/v2/orgs/ORG/secrets", token=token).status == 200
    wire.server.revoke_token(token)
    assert wire.send("GET", "/api/v2/orgs/ORG/secrets", token=token).status == 401


def test_token_inactive_is_taken_for_one_that_sees_nothing(wire: Wire) -> None:
    """It is known: what needs no permission is answered, and what names one says that the token is inactive."""
    token = wire.server.create_token(wire.org, active=False)
    for method, below in [("GET", ""), ("PATCH", ""), ("DELETE", "/k"), ("POST", "/delete")]:
        reply = wire.send(method, f"/api/v2/orgs/ORG/secrets{below}", "{}", token=token)
        assert (reply.status, reply.body) == (404, NOT_READABLE)
    for target in (f"/api/v2/orgs?org={wire.org}", "/api/v2/orgs?orgID=ORG", "/api/v2/orgs"):
        assert (target, orgs(wire.send("GET", target, token=token))) == (target, [])
    for target in ("/api/v2/orgs/ORG", "/api/v2/orgs/0000000000000001", "/api/v2/me"):
        reply = wire.send("GET", target, token=token)
        assert (reply.status, reply.body) == (401, error("unauthorized", "token is inactive"))
    assert wire.query('import "array"\narray.from(rows: [{v: "a"}])', token=token).status == 200
    reply = wire.query(GET_SECRET, token=token)
    assert reply.status == 401
    assert b"token is inactive" in reply.body


def test_token_of_a_deleted_org_stays_valid(wire: Wire) -> None:
    """It shows nothing any more, which is not what a wrong token is told."""
    token = wire.server.create_token(wire.org)
    wire.server.delete_org(wire.org)
    reply = wire.send("GET", "/api/v2/orgs/ORG/secrets", token=token)
    assert (reply.status, reply.body) == (404, NOT_READABLE)
    assert orgs(wire.send("GET", "/api/v2/orgs", token=token)) == []
    for target in ("/api/v2/orgs/ORG", "/api/v2/orgs?orgID=ORG"):
        reply = wire.send("GET", target, token=token)
        assert (reply.status, reply.body) == (404, error("not found", "organization not found"))


def test_me_is_shown_to_the_operator_alone(wire: Wire) -> None:
    """Any other token is told which permission it lacks, so that a valid one can be told from a wrong one."""
    reply = wire.send("GET", "/api/v2/me")
    me = json.loads(reply.body)
    assert (reply.status, me["status"], me["links"]) == (200, "active", {"self": f"/api/v2/users/{me['id']}"})
    reply = wire.send("GET", "/api/v2/me", token=wire.server.create_token(wire.org))
    assert (reply.status, reply.body) == (401, refused("read", f"users/{me['id']}"))
    assert [wire.send(method, "/api/v2/me").status for method in ("PUT", "HEAD")] == [405, 405]


def test_token_with_three_permissions_may_do_everything(wire: Wire) -> None:
    """Read on the org, read and write on its secrets: that is all it takes."""
    token = wire.server.create_token(wire.org)
    path = "/api/v2/orgs/ORG/secrets"
    assert wire.send("PATCH", path, '{"k": "v"}', token=token).status == 204
    assert wire.send("GET", path, token=token).status == 200
    assert wire.query(GET_SECRET, token=token).status == 200
    assert wire.send("DELETE", f"{path}/k", token=token).status == 204
    assert wire.send("POST", f"{path}/delete", '{"secrets": ["k"]}', token=token).status == 204


def test_token_without_read_on_the_org_gets_the_404_of_an_unknown_org(wire: Wire) -> None:
    """Byte for byte the same answer, whatever else the token may do."""
    token = wire.server.create_token(wire.org, read_org=False)
    for method, below, body in [("GET", "", None), ("PATCH", "", "{}"), ("DELETE", "/k", None)]:
        hidden = wire.send(method, f"/api/v2/orgs/ORG/secrets{below}", body, token=token)
        unknown = wire.send(method, f"/api/v2/orgs/0000000000000001/secrets{below}", body)
        assert hidden == unknown
        assert (hidden.status, hidden.body) == (404, NOT_READABLE)


def test_token_of_another_org_gets_the_same_404(wire: Wire) -> None:
    """A token for one org does not see another."""
    other = f"{wire.org}-other"
    wire.server.create_org(other)
    reply = wire.send("GET", "/api/v2/orgs/ORG/secrets", token=wire.server.create_token(other))
    assert (reply.status, reply.body) == (404, NOT_READABLE)


def test_token_without_read_secrets_may_write_but_not_list(wire: Wire) -> None:
    """List says 401 and names the permission; PATCH and DELETE work."""
    token = wire.server.create_token(wire.org, read_secrets=False)
    listed = wire.send("GET", "/api/v2/orgs/ORG/secrets", token=token)
    assert (listed.status, listed.body) == (401, refused("read", "orgs/<org>/secrets"))
    assert wire.send("PATCH", "/api/v2/orgs/ORG/secrets", '{"a": "1", "b": "2"}', token=token).status == 204
    assert wire.send("DELETE", "/api/v2/orgs/ORG/secrets/a", token=token).status == 204
    assert wire.keys == ["b"]


def test_token_without_write_secrets_may_list_but_not_write(wire: Wire) -> None:
    """Each write says 401 and names the permission; nothing is changed."""
    wire.put(k="v")
    token = wire.server.create_token(wire.org, write_secrets=False)
    assert wire.send("GET", "/api/v2/orgs/ORG/secrets", token=token).status == 200
    for method, below, body in [
        ("PATCH", "", '{"a": "1"}'),
        ("DELETE", "/k", None),
        ("POST", "/delete", '{"secrets": ["k"]}'),
    ]:
        reply = wire.send(method, f"/api/v2/orgs/ORG/secrets{below}", body, token=token)
        assert (reply.status, reply.body) == (401, refused("write", "orgs/<org>/secrets"))
    assert wire.values == {"k": "v"}


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
