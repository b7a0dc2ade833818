"""What the emulator remembers of requests: enough for assertions, and nothing that must not be remembered."""

from __future__ import annotations

import pytest
import requests
from asking import secrets_url

from influx_secrets.emulator import Emulator, Request

VALUE = "planted-value-7f3a"


def test_requests_record_org_and_keys_but_no_values(emulator: Emulator, session: requests.Session) -> None:
    """Each request is remembered with what it was about; values and tokens are not."""
    session.patch(secrets_url(emulator), json={"b": VALUE, "a": VALUE}, timeout=5)
    session.delete(f"{secrets_url(emulator)}/a", timeout=5)
    session.post(f"{secrets_url(emulator)}/delete", json={"secrets": ["b", "c"]}, timeout=5)
    session.get(f"{emulator.url}/api/v2/orgs?org=acme", timeout=5)
    path = f"/api/v2/orgs/{emulator.org_id('acme')}/secrets"
    seen = [(request.method, request.path, request.status, request.org, request.keys) for request in emulator.requests]
    assert seen == [
        ("PATCH", path, 204, "acme", ("b", "a")),
        ("DELETE", f"{path}/a", 204, "acme", ("a",)),
        ("POST", f"{path}/delete", 204, "acme", ("b", "c")),
        ("GET", "/api/v2/orgs?org=acme", 200, "", ()),
    ]
    assert VALUE not in repr(emulator.requests)
    assert emulator.token not in repr(emulator.requests)
    emulator.clear_requests()
    assert emulator.requests == ()


def test_requests_record_the_keys_of_a_query(emulator: Emulator, session: requests.Session) -> None:
    """A query names the keys that it asked for, in its order."""
    emulator.put_secret("acme", "k", VALUE)
    script = (
        'import "array"\nimport "influxdata/influxdb/secrets"\n'
        'array.from(rows: [{v: secrets.get(key: "k")}, {v: secrets.get(key: "gone")}])'
    )
    headers = {"Content-Type": "application/vnd.flux"}
    url = f"{emulator.url}/api/v2/query?org=acme"
    assert session.post(url, script, headers=headers, timeout=5).status_code == 404
    assert [(request.org, request.keys) for request in emulator.requests] == [("acme", ("k", "gone"))]


def test_writes_are_what_was_granted(emulator: Emulator, session: requests.Session) -> None:
    """A read is none, nor what was refused; a delete of what is not there is one."""
    reader = emulator.create_token("acme", write_secrets=False)
    session.get(secrets_url(emulator), timeout=5)
    session.patch(secrets_url(emulator), json={"a": VALUE}, headers={"Authorization": f"Token {reader}"}, timeout=5)
    session.patch(secrets_url(emulator), json={"k" * 32_753: VALUE}, timeout=5)
    assert list(emulator.writes) == []
    session.patch(secrets_url(emulator), json={"a": VALUE}, timeout=5)
    session.delete(f"{secrets_url(emulator)}/gone", timeout=5)
    assert [(write.method, write.keys) for write in emulator.writes] == [("PATCH", ("a",)), ("DELETE", ("gone",))]


def test_connections_counts_accepted_connections(emulator: Emulator, session: requests.Session) -> None:
    """Keep-alive is one connection, a second session another."""
    for _ in range(3):
        session.get(secrets_url(emulator), timeout=5)
    assert emulator.connections == 1
    requests.get(f"{emulator.url}/health", timeout=5)
    assert emulator.connections == 2


def test_request_is_a_frozen_value() -> None:
    """What was recorded cannot be changed."""
    request = Request("GET", "/", 200, "", (), 0.0)
    with pytest.raises(AttributeError):
        request.status = 500  # type: ignore[misc]  # that is the point
