"""Endpoints and templates write among an org's secrets: the same keys and the same losses on both servers."""

from __future__ import annotations

import pytest
from conformance.other_writers import put_endpoint
from servers import EmulatorServer, SecretsServer
from wire import Wire


@pytest.mark.parametrize(
    ("kind", "credentials"),
    [("pagerduty", {}), ("telegram", {}), ("http", {"username": "u"}), ("http", {"username": "u", "token": "t"})],
)
def test_endpoint_without_its_credentials_is_refused(wire: Wire, kind: str, credentials: dict[str, str]) -> None:
    """Nothing is written."""
    assert put_endpoint(wire.server, wire.org, kind, None, **credentials) is None
    assert wire.keys == []


def test_endpoint_of_an_unknown_kind_is_refused(emulator_server: SecretsServer) -> None:
    """A mistake in a test is told at once."""
    assert isinstance(emulator_server, EmulatorServer)
    org = "unknown-kind"
    emulator_server.create_org(org)
    with pytest.raises(ValueError, match="slack, pagerduty, http, telegram, not 'email'"):
        emulator_server.put_notification_endpoint(org, "email")
    with pytest.raises(ValueError, match="slack has only token"):
        emulator_server.put_notification_endpoint(org, "slack", password="p")
    assert emulator_server.keys(org) == []
