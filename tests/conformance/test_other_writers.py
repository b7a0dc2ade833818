"""Endpoints and templates write among an org's secrets: the same keys and the same losses on both servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conformance.other_writers import apply_template, put_endpoint
from servers import EmulatorServer
from wire import send

if TYPE_CHECKING:
    from servers import SecretsServer
    from wire import Wire


@pytest.mark.parametrize(
    ("kind", "credentials", "suffixes"),
    [
        ("slack", {"token": "t"}, {"token": "t"}),
        ("slack", {}, {}),
        ("pagerduty", {"routing_key": "r"}, {"routing-key": "r"}),
        ("http", {}, {}),
        ("http", {"token": "t"}, {"token": "t"}),
        ("http", {"username": "u", "password": "p"}, {"username": "u", "password": "p"}),
        ("telegram", {"token": "t"}, {"token": "t"}),
    ],
)
def test_endpoint_keeps_its_credentials_among_the_secrets(
    wire: Wire, kind: str, credentials: dict[str, str], suffixes: dict[str, str]
) -> None:
    """Each under the endpoint's id and an ending; what it does not use is not there."""
    wire.put(mine="v")
    endpoint_id = put_endpoint(wire.server, wire.org, kind, None, **credentials)
    assert endpoint_id is not None
    assert len(endpoint_id) == 16
    assert wire.values == {"mine": "v", **{f"{endpoint_id}-{suffix}": value for suffix, value in suffixes.items()}}


@pytest.mark.parametrize(
    ("kind", "credentials"),
    [("pagerduty", {}), ("telegram", {}), ("http", {"username": "u"}), ("http", {"username": "u", "token": "t"})],
)
def test_endpoint_without_its_credentials_is_refused(wire: Wire, kind: str, credentials: dict[str, str]) -> None:
    """Nothing is written."""
    assert put_endpoint(wire.server, wire.org, kind, None, **credentials) is None
    assert wire.keys == []


def test_endpoint_deleted_leaves_its_secrets(wire: Wire) -> None:
    """The real server forgets them: they stay until somebody removes them by their keys."""
    endpoint_id = put_endpoint(wire.server, wire.org, "slack", None, token="t")
    if not isinstance(wire.server, EmulatorServer):
        path = f"/api/v2/notificationEndpoints/{endpoint_id}"
        assert send(wire.server, "DELETE", path).status == 204
    assert wire.keys == [f"{endpoint_id}-token"]


def test_template_with_a_secret_removes_all_others(wire: Wire) -> None:
    """Those of endpoints too; other orgs are not touched."""
    wire.put(a="1", b="2")
    put_endpoint(wire.server, wire.org, "slack", None, token="t")
    other = f"{wire.org}-other"
    wire.server.create_org(other)
    wire.server.put_secret(other, "c", "3")
    assert apply_template(wire.server, wire.org, {"new": "n", "a": "4"})
    assert wire.values == {"a": "4", "new": "n"}
    assert wire.server.values(other) == {"c": "3"}


def test_template_without_secrets_removes_nothing(wire: Wire) -> None:
    """Only `--secret` is dangerous."""
    wire.put(a="1")
    assert apply_template(wire.server, wire.org, {})
    assert wire.values == {"a": "1"}


def test_template_with_a_key_too_large_fails_and_leaves_nothing(wire: Wire) -> None:
    """Removing and setting are two transactions, and only the second one fails."""
    wire.put(a="1")
    assert not apply_template(wire.server, wire.org, {"k" * 32_753: "v", "b": "2"})
    assert wire.keys == []


def test_endpoint_of_an_unknown_kind_is_refused(emulator_server: SecretsServer) -> None:
    """A mistake in a test is told at once."""
    assert isinstance(emulator_server, EmulatorServer)
    org = "unknown-kind"
    emulator_server.create_org(org)
    with pytest.raises(ValueError, match="slack, pagerduty, http, telegram, not 'email'"):
        emulator_server.emulator.put_notification_endpoint(org, "email")
    with pytest.raises(ValueError, match="slack has only token"):
        emulator_server.emulator.put_notification_endpoint(org, "slack", password="p")
    assert emulator_server.keys(org) == []
