"""Which path leads where, and what a wrong one is told, on the emulator and on the real server."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest
from wire import Wire, error, is_from

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
PLAIN_404 = b"404 page not found\n"


ID_LENGTH = error("invalid", "id must have a length of 16 bytes")
NO_PATH = error("not found", "path not found")

ROUTES: list[tuple[str, str, int, str | None, bytes]] = [
    ("GET", "/api/v2/nothing", 404, JSON, NO_PATH),
    ("GET", "/api/v2/%6Frgs", 404, JSON, NO_PATH),
    ("GET", "/api/v2/orgs/xyz", 400, JSON, ID_LENGTH),
    ("GET", "/api/v2/orgs/0000000000000001", 404, JSON, error("not found", "organization not found")),
    ("PUT", "/api/v2/orgs/ORG", 405, None, b""),
    ("PUT", "/api/v2/orgs", 405, None, b""),
    ("GET", "/api/v2/orgs/ORG/nothing", 404, TEXT, PLAIN_404),
    ("GET", "/api/v2/orgs/ORG/%73ecrets", 404, TEXT, PLAIN_404),
    (
        "GET",
        "/api/v2/orgs//secrets",
        400,
        JSON,
        error("invalid", "corrupt ID provided: id must have a length of 16 bytes"),
    ),
    ("DELETE", "/api/v2/orgs/ORG/secrets//k", 404, TEXT, PLAIN_404),
    ("DELETE", "/api/v2/orgs/ORG/secrets//", 405, None, b""),
    ("OPTIONS", "/api/v2/orgs/ORG/secrets", 405, None, b""),
    ("OPTIONS", "/ping", 200, None, b""),
    ("POST", "/ping", 405, TEXT, b"Method Not Allowed\n"),
    ("GET", "/api/v2/query/x", 404, JSON, b'{"code":"not found","message":"path not found"}'),
    ("POST", "/api/v2/query/", 308, None, b""),
    ("GET", "/api/v2/orgs/ORG/secrets#k", 404, TEXT, PLAIN_404),
    ("GET", "/v1/x", 404, JSON, NO_PATH),
    ("PATCH", "/private/x", 404, JSON, NO_PATH),
]


@pytest.mark.parametrize(("method", "target", "status", "content_type", "body"), ROUTES)
def test_route_is_answered_like_this(
    wire: Wire, method: str, target: str, status: int, content_type: str | None, body: bytes
) -> None:
    """Status, type and body of paths that are nearly right."""
    reply = wire.send(method, target)
    assert (reply.status, reply.headers.get("Content-Type"), reply.body) == (status, content_type, body)
    assert reply.headers["X-Influxdb-Build"] == "OSS"


@pytest.mark.parametrize("target", ["/health/", "/health/anything"])
def test_health_below_is_health(wire: Wire, target: str) -> None:
    """Whatever follows, up to 2.9."""
    reply = wire.send("GET", target, token=None)
    if is_from(reply, (2, 10)) and target.endswith("anything"):
        assert reply.status == 404
    else:
        assert json.loads(reply.body)["status"] == "pass"


@pytest.mark.parametrize("target", ["/nothing", "/healthx", "/ping/"])
def test_path_outside_of_the_api_needs_no_token(wire: Wire, target: str) -> None:
    """These belong to the web interface, so that a build without one has nothing there."""
    assert wire.send("GET", target, token=None).status in {200, 404}


@pytest.mark.parametrize(
    "target", ["/api/v2/orgs/", "/api/v2/orgs//", "/api/v2/orgs?org=a%zzb", "/api/v2/orgs?org=a;b"]
)
def test_list_of_orgs_with_odd_paths_and_arguments_is_the_list(wire: Wire, target: str) -> None:
    """Slashes at the end are stripped; arguments that Go cannot parse are left out."""
    reply = wire.send("GET", target)
    assert reply.status == 200
    assert json.loads(reply.body)["orgs"]


@pytest.mark.parametrize("name", ["%FF", "a+b", "a%20b"])
def test_org_name_that_is_not_utf8_is_shown_as_u_fffd(wire: Wire, name: str) -> None:
    """A plus sign is a space; bytes that are no text are shown as an escape."""
    shown = {"%FF": "\\ufffd"}.get(name, "a b")
    reply = wire.send("GET", f"/api/v2/orgs?org={name}")
    assert reply.body == error("not found", f'organization name \\"{shown}\\" not found')


def test_expectation_that_nobody_knows_is_417(wire: Wire) -> None:
    """Before anything else is looked at."""
    reply = wire.send("GET", "/health", token=None, headers={"Expect": "something"})
    assert (reply.status, reply.body) == (417, b"")


def test_expect_100_continue_is_told_to_go_on(wire: Wire) -> None:
    """A client that waits for leave to send its body gets it, and then the answer."""
    parts = urlsplit(wire.server.url)
    head = (
        f"PATCH /api/v2/orgs/{wire.org_id}/secrets HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        f"Authorization: Token {wire.server.token}\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"k":"v"}')
        assert connection.recv(100).startswith(b"HTTP/1.1 204 No Content\r\n")
    assert wire.values == {"k": "v"}
