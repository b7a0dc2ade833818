"""A connection that is made ahead: the first request uses it, or makes its own."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trustme
from scripted_server import ScriptedServer
from sending import FINE, GET, TOKEN, Sender
from servers import closed_port
from until import until

from influx_secrets import _errors as errors
from influx_secrets._client import head_start
from influx_secrets._client.head_start import HeadStart
from influx_secrets._client.settings import Settings


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[ScriptedServer]:
    """A server of either kind."""
    context = None
    if request.param == "https":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedServer(FINE, FINE, tls=context) as started:
        yield started


@pytest.fixture
def settings(server: ScriptedServer, authority: trustme.CA, tmp_path: Path) -> Settings:
    """Those of the server, whose authority they trust."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return Settings(url=server.url, token=TOKEN, timeout=5.0, ca_file=str(path))


def send(settings: Settings, ahead: HeadStart, times: int = 1) -> list[int]:
    """The statuses of requests by a transport that is made now."""
    with closing(Sender(settings, head_start=ahead, sleep=lambda _: None)) as sender:
        return [sender.send(GET).status for _ in range(times)]


def test_first_request_goes_over_the_connection_that_was_made_ahead(server: ScriptedServer, settings: Settings) -> None:
    """And the next one too; nothing was sent before."""
    ahead = HeadStart(settings)
    until(lambda: server.connections == 1)
    assert server.requests == []
    assert send(settings, ahead, 2) == [200, 200]
    assert [seen.connection for seen in server.requests] == [1, 1]


def test_connection_is_given_once(server: ScriptedServer, settings: Settings) -> None:
    """A second transport makes its own."""
    ahead = HeadStart(settings)
    assert send(settings, ahead) == [200]
    assert send(settings, ahead) == [200]
    assert server.connections == 2


@pytest.mark.parametrize("late", ["too slow", "too old"])
def test_connection_that_comes_late_is_closed(
    server: ScriptedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """The request makes its own. influxd closes a connection on which nothing is sent."""
    go_on = threading.Event()
    connect = HeadStart._connect

    def slow(ahead: HeadStart, given: Settings) -> head_start._Made | None:
        made.append(connect(ahead, given))
        assert go_on.wait(30)
        return made[0]

    made: list[head_start._Made | None] = []
    monkeypatch.setattr(HeadStart, "_connect", slow)
    monkeypatch.setattr(head_start, "PATIENCE_SECONDS" if late == "too slow" else "FRESH_SECONDS", 0.0)
    if late == "too old":
        go_on.set()
    ahead = HeadStart(settings)
    assert send(settings, ahead, 2) == [200, 200]
    go_on.set()
    until(lambda: made[0] is not None and made[0].connection.fileno() == -1)
    assert server.connections == 2


def test_what_goes_wrong_is_for_the_first_request_to_say(server: ScriptedServer, tmp_path: Path) -> None:
    """A server that is down, one that is not trusted, a file that is not there: nothing is shown twice."""
    with closed_port() as port:
        _fails(Settings(url=f"http://127.0.0.1:{port}", token=TOKEN, max_attempts=1), errors.NotSentError)
    if server.url.startswith("https:"):
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        _fails(Settings(url=server.url, token=TOKEN, ca_file=str(other)), errors.NotSentError)
        _fails(Settings(url=server.url, token=TOKEN, ca_file=str(tmp_path / "none.pem")), errors.SettingsError)
    assert server.requests == []


def _fails(settings: Settings, kind: type[Exception]) -> None:
    ahead = HeadStart(settings)
    ahead._made.result(30)
    with pytest.raises(kind):
        send(settings, ahead)


def test_machine_without_threads_connects_later(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container can limit the number of threads."""

    def limited(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", limited)
        ahead = HeadStart(settings)
    assert send(settings, ahead) == [200]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="through a proxy, which may ask for a password"),
        pytest.param({"url": "http://fa\u00df.example"}, id="to a name that means two hosts"),
        pytest.param({"token": None}, id="without a token"),
    ],
)
def test_nothing_is_connected_ahead(monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]) -> None:
    """Where the first request would not get that far, or somewhere else."""
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("connected"))
    for name in ("no_proxy", "NO_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    if not given:
        monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    ahead = HeadStart(Settings(**{"url": "http://influx.example", "token": TOKEN, "allow_insecure": True, **given}))
    assert ahead._made.result(30) is None
    assert ahead.take() is None


def test_host_is_looked_up_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its last dot a name may lead to another machine, of the domains that a resolver searches."""
    asked: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda address, _: asked.append(address))
    ahead = HeadStart(Settings(url="https://influx.example.:8086", token=TOKEN))
    assert ahead._made.result(30) is None
    assert asked == [("influx.example.", 8086)]
