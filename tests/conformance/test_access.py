"""Tokens and orgs: who may do what, and what the others are told, on the emulator and on the real server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from wire import exchange

if TYPE_CHECKING:
    from wire import Wire

UNAUTHENTICATED = b'{"code":"unauthorized","message":"unauthorized access"}'
NOT_READABLE = b'{\n\t"code": "not found",\n\t"message": "404 page not found"\n}'
GET_SECRET = 'import "array"\nimport "influxdata/influxdb/secrets"\narray.from(rows: [{v: secrets.get(key: "k")}])'


def refused(action: str, resource: str) -> bytes:
    """Return the body for a token without a permission."""
    message = f"{action}:{resource} is unauthorized"
    return f'{{\n\t"code": "unauthorized",\n\t"message": "{message}"\n}}'.encode()


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


def test_orgs_by_name_finds_the_one(wire: Wire) -> None:
    """The lookup by name gives id and name."""
    reply = wire.send("GET", f"/api/v2/orgs?org={wire.org}")
    found = json.loads(reply.body)
    assert reply.status == 200
    assert [(org["id"], org["name"], org["description"]) for org in found["orgs"]] == [("<org>", wire.org, "")]
    assert found["links"] == {"self": "/api/v2/orgs"}
    assert found["orgs"][0]["links"]["secrets"] == "/api/v2/orgs/<org>/secrets"


def test_orgs_by_id_finds_the_one(wire: Wire) -> None:
    """Both ways to ask for an id give the same org."""
    one = json.loads(wire.send("GET", "/api/v2/orgs/ORG").body)
    listed = json.loads(wire.send("GET", "/api/v2/orgs?orgID=ORG").body)
    assert listed["orgs"] == [one]
    assert one["name"] == wire.org


def test_orgs_unknown_name_is_404_with_the_name(wire: Wire) -> None:
    """The message repeats the name, escaped."""
    reply = wire.send("GET", "/api/v2/orgs?org=no%22%3C%C3%A9")
    assert reply.status == 404
    expected = '{\n\t"code": "not found",\n\t"message": "organization name \\"no\\"\\u003cé\\" not found"\n}'
    assert reply.body == expected.encode()


def test_orgs_by_name_without_read_is_an_empty_list(wire: Wire) -> None:
    """A token that may not read the org gets 200 and no org, and 404 for a name that nobody has."""
    token = wire.server.create_token(wire.org, read_org=False)
    reply = wire.send("GET", f"/api/v2/orgs?org={wire.org}", token=token)
    assert (reply.status, json.loads(reply.body)["orgs"]) == (200, [])
    assert wire.send("GET", "/api/v2/orgs?org=nobody", token=token).status == 404


def test_orgs_one_without_read_is_401(wire: Wire) -> None:
    """By id the permission is named, and an unknown id is hidden behind it."""
    token = wire.server.create_token(wire.org, read_org=False)
    reply = wire.send("GET", "/api/v2/orgs/ORG", token=token)
    assert (reply.status, reply.body) == (401, refused("read", "orgs/<org>"))
    unknown = wire.send("GET", "/api/v2/orgs/0000000000000001", token=token)
    assert (unknown.status, unknown.body) == (401, refused("read", "orgs/0000000000000001"))


def test_orgs_all_shows_only_readable_ones(wire: Wire) -> None:
    """The list of a token for one org has that org alone."""
    reply = wire.send("GET", "/api/v2/orgs?limit=100", token=wire.server.create_token(wire.org))
    assert [org["name"] for org in json.loads(reply.body)["orgs"]] in ([wire.org], [])
    everything = wire.send("GET", "/api/v2/orgs?limit=1")
    assert len(json.loads(everything.body)["orgs"]) == 1


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("limit=x", "limit is invalid"),
        ("limit=0", "limit must be between 1 and 100"),
        ("offset=x", "offset is invalid"),
        ("offset=9223372036854775808", "offset is invalid"),
        ("limit=+1e3", "limit is invalid"),
        ("descending=101", "descending is invalid"),
        ("after=xyz", "decoding after: id must have a length of 16 bytes"),
    ],
)
def test_orgs_bad_page_is_400(wire: Wire, query: str, problem: str) -> None:
    """Paging arguments are checked first."""
    reply = wire.send("GET", f"/api/v2/orgs?{query}")
    assert (reply.status, reply.body) == (400, f'{{\n\t"code": "invalid",\n\t"message": "{problem}"\n}}'.encode())


def test_orgs_of_an_unknown_user_are_none(wire: Wire) -> None:
    """Only a well-formed id is looked at."""
    assert json.loads(wire.send("GET", "/api/v2/orgs?userID=00000000000000aa").body)["orgs"] == []
    assert json.loads(wire.send("GET", "/api/v2/orgs?userID=xyz").body)["orgs"]


@pytest.mark.parametrize("query", ["descending=true", "sortBy=name", "after=00000000000000aa"])
def test_orgs_in_another_order_are_in_the_same_order(wire: Wire, query: str) -> None:
    """What is checked is not used."""
    wire.server.create_org(f"{wire.org}-another")
    assert wire.send("GET", f"/api/v2/orgs?limit=2&{query}") == wire.send("GET", "/api/v2/orgs?limit=2")


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


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_health_needs_no_token_and_tells_the_version(wire: Wire, method: str) -> None:
    """Any method, with the build and version in the headers."""
    reply = wire.send(method, "/health", token=None)
    assert reply.status == 200
    assert reply.headers["X-Influxdb-Build"] == "OSS"
    if method != "HEAD":
        assert json.loads(reply.body)["status"] == "pass"
        assert json.loads(reply.body)["version"] == reply.headers["X-Influxdb-Version"]


def test_ping_needs_no_token_and_has_no_body(wire: Wire) -> None:
    """204 with the version in a header."""
    reply = wire.send("GET", "/ping", token=None)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["X-Influxdb-Version"].startswith("v2.")
