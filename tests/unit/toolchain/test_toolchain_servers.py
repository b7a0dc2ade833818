"""Which InfluxDB the sample stack is applied to, and what it refuses to guess."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from influx_secrets.emulator import Answer, Emulator
from toolchain import ToolchainError
from toolchain._servers import serving, stack_name


@pytest.fixture
def remote() -> Iterator[Emulator]:
    """A server that somebody else runs, with two orgs."""
    with Emulator(orgs=("sales", "lab")) as emulator:
        yield emulator


def test_serving_without_host_starts_the_emulator(tmp_path: Path) -> None:
    """Without `INFLUX_HOST` there is an emulator with the sample's orgs, and the stack `demo`."""
    with serving(tmp_path, {}) as server:
        assert (server.stack, server.orgs(), server.named) == ("demo", ("acme", "acme-labs"), False)
        assert server.environment["INFLUX_HOST"].startswith("http://127.0.0.1:")


def test_serving_emulator_ignores_settings_of_other_servers(tmp_path: Path) -> None:
    """A token, org or profile of a real server never meets the emulator."""
    theirs = {"INFLUX_TOKEN": "x", "INFLUX_ORG": "x", "INFLUXDB_V2_URL": "x", "EDITOR": "vi"}
    with serving(tmp_path, theirs) as server:
        ours = {"INFLUX_HOST", "INFLUX_TOKEN", "INFLUX_CONFIGS_PATH", "EDITOR"}
        assert server.environment.keys() == ours
        assert server.environment["INFLUX_TOKEN"] != "x"
        assert server.environment["INFLUX_CONFIGS_PATH"] == os.devnull


def test_serving_emulator_keeps_its_secrets_between_commands(tmp_path: Path) -> None:
    """What one command wrote, the next one finds; and counting what was asked sends nothing."""
    with serving(tmp_path, {}) as server:
        token = server.environment["INFLUX_TOKEN"]
    with serving(tmp_path, {}) as server:
        assert server.environment["INFLUX_TOKEN"] == token
        assert server.keys("acme") == ()
        assert server.requests is not None
        assert server.requests() == 0


def test_serving_emulator_twice_at_once_is_refused(tmp_path: Path) -> None:
    """Two emulators on one file would undo each other's writes."""
    with (
        serving(tmp_path, {}),
        pytest.raises(ToolchainError, match="another make up, preview, down or shell is running; end it first"),
        serving(tmp_path, {}),
    ):
        pass


def test_serving_host_without_token_is_refused(remote: Emulator, tmp_path: Path) -> None:
    """A token from another source may be meant for another server."""
    with (
        pytest.raises(ToolchainError, match="INFLUX_HOST is set, so INFLUX_TOKEN is needed too"),
        serving(tmp_path, {"INFLUX_HOST": remote.url}),
    ):
        pass
    assert remote.requests == ()


def test_serving_host_with_many_orgs_asks_which(remote: Emulator, tmp_path: Path) -> None:
    """The sample never writes to all orgs of somebody's server, nor guesses one."""
    with serving(tmp_path, remote.environment) as server, pytest.raises(ToolchainError) as caught:
        server.orgs()
    assert str(caught.value) == "say which org to use, for example: INFLUX_ORG='lab'; there are: lab, sales"


def test_serving_host_with_one_org_uses_it(remote: Emulator, tmp_path: Path) -> None:
    """A token that sees one org leaves no doubt."""
    environ = {"INFLUX_HOST": remote.url, "INFLUX_TOKEN": remote.create_token("sales")}
    with serving(tmp_path, environ) as server:
        assert (server.orgs(), server.named, server.requests) == (("sales",), True, None)


def test_serving_host_with_no_visible_org_says_so(remote: Emulator, tmp_path: Path) -> None:
    """A token that sees no org cannot tell which one is meant."""
    token = remote.create_token("sales", read_org=False)
    with (
        serving(tmp_path, {"INFLUX_HOST": remote.url, "INFLUX_TOKEN": token}) as server,
        pytest.raises(ToolchainError, match="sees no org; set INFLUX_ORG"),
    ):
        server.orgs()


def test_serving_host_with_org_named_uses_it_without_asking(remote: Emulator, tmp_path: Path) -> None:
    """`INFLUX_ORG` decides."""
    with serving(tmp_path, {**remote.environment, "INFLUX_ORG": "sales"}) as server:
        assert server.orgs() == ("sales",)
    assert remote.requests == ()


def test_serving_host_that_redirects_gets_no_token_elsewhere(remote: Emulator, tmp_path: Path) -> None:
    """The server that a redirect names is asked without a token, and refuses."""
    target = f"{remote.url}/api/v2/orgs"
    with Emulator(before=lambda *_: Answer(302, b"", {"Location": target})) as redirecting:
        environ = {"INFLUX_HOST": redirecting.url, "INFLUX_TOKEN": remote.token}
        with (
            serving(tmp_path, environ) as server,
            pytest.raises(ToolchainError, match=r"does not list its orgs \(HTTPError\); set INFLUX_ORG"),
        ):
            server.orgs()
    assert [request.status for request in remote.requests] == [401]


def test_serving_host_lists_the_keys_of_an_org(remote: Emulator, tmp_path: Path) -> None:
    """What an org of a real server holds is asked from it."""
    remote.put_secret("sales", "B", "x")
    remote.put_secret("sales", "A", "x")
    with serving(tmp_path, remote.environment) as server:
        assert server.keys("sales") == ("A", "B")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("", "demo"),
        ("https://eu.example.com:8086", "demo-eu-example-com-8086"),
        ("http://localhost:8086/influx/", "demo-localhost-8086-influx"),
    ],
)
def test_stack_name_is_one_per_server(url: str, name: str) -> None:
    """A stack that met another server would replace everything, so each server has its own."""
    assert stack_name({"INFLUX_HOST": url}) == name


def test_emulator_is_where_it_was_the_last_time(tmp_path: Path) -> None:
    """The state of the sample names its server; a port that is taken meanwhile is given up."""
    with serving(tmp_path, {}) as server:
        first = server.environment["INFLUX_HOST"]
    with serving(tmp_path, {}) as server:
        assert server.environment["INFLUX_HOST"] == first
    with socket.create_server(("127.0.0.1", int(first.rpartition(":")[2]))), serving(tmp_path, {}) as server:
        assert server.environment["INFLUX_HOST"] != first
