"""The servers and the proxy that other tests rely on: what they promise is tested once, here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests
from intercepting_proxy import Exchange, InterceptingProxy
from servers import EmulatorServer, InfluxdServer, SecretsServer


def test_server_offers_orgs_tokens_and_outside_writers(server: SecretsServer, org: str) -> None:
    """The same small interface on both servers."""
    server.put_secret(org, "a/b", "line\nline")
    server.put_secret(org, "ключ", "x\r\ny\0z")
    server.put_secret(org, "empty", "")
    server.put_secret(org, "gone", "v")
    server.remove_secret(org, "gone")
    assert server.keys(org) == ["a/b", "empty", "ключ"]
    assert server.values(org) == {"a/b": "line\nline", "empty": "", "ключ": "x\r\ny\0z"}
    token = server.create_token(org, read_org=True, read_secrets=True, write_secrets=False)
    url = f"{server.environment['INFLUX_HOST']}/api/v2/orgs/{server.org_id(org)}/secrets"
    headers = {"Authorization": f"Token {token}"}
    assert requests.get(url, headers=headers, timeout=5).status_code == 200
    assert requests.patch(url, json={}, headers=headers, timeout=5).status_code == 401
    server.revoke_token(token)
    assert requests.get(url, headers=headers, timeout=5).status_code == 401


@pytest.mark.influxd
def test_influxd_killed_and_started_again_has_the_same_port_token_and_data(
    influxd_binary: Path, tmp_path: Path
) -> None:
    """What was answered with 204 survives SIGKILL."""
    with InfluxdServer(influxd_binary, tmp_path) as own:
        own.create_org("acme")
        own.put_secret("acme", "k", "v")
        url = own.url
        assert own.log_file.stat().st_size > 0
        own.kill()
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/health", timeout=1)
        own.start()
        assert own.url == url
        assert own.values("acme") == {"k": "v"}
        own.stop()
        own.start()
        assert own.keys("acme") == ["k"]


def test_influxd_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    """A wrong binary ends at once, with what it said."""
    broken = tmp_path / "influxd"
    broken.write_text("#!/bin/sh\necho cannot run\nexit 3\n")
    broken.chmod(0o700)
    with pytest.raises(RuntimeError, match="cannot run"):
        InfluxdServer(broken, tmp_path).start()


def test_proxy_forwards_unchanged_and_counts(server: SecretsServer, org: str) -> None:
    """Paths, bodies and answers pass as they are; one connection stays one."""
    path = f"/api/v2/orgs/{server.org_id(org)}/secrets"
    with InterceptingProxy(server.url) as proxy, requests.Session() as session:
        session.headers["Authorization"] = f"Token {server.token}"
        assert session.patch(f"{proxy.url}{path}", json={"a,b": "1", "c": "2"}, timeout=5).status_code == 204
        assert session.delete(f"{proxy.url}{path}/a%2Cb", timeout=5).status_code == 204
        listed = session.get(f"{proxy.url}{path}?x=1", timeout=5)
        assert listed.json()["secrets"] == ["a,b", "c"]
        assert listed.headers["X-Influxdb-Version"].startswith("v2.")
        assert proxy.exchanges == [
            Exchange("PATCH", path, 204),
            Exchange("DELETE", f"{path}/a%2Cb", 204),
            Exchange("GET", f"{path}?x=1", 200),
        ]
        assert proxy.connections == 1
        proxy.exchanges.clear()
        assert not proxy.exchanges


def test_proxy_ends_with_a_client_still_connected() -> None:
    """An idle connection does not hold the end up."""
    with EmulatorServer(()) as server, requests.Session() as session:
        with InterceptingProxy(server.url) as proxy:
            assert json.loads(session.get(f"{proxy.url}/health", timeout=5).text)["status"] == "pass"
        with pytest.raises(requests.ConnectionError):
            session.get(f"{proxy.url}/health", timeout=5)
