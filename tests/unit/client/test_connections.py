"""Proxies: when there is one, and what is said of one that does not work."""

from __future__ import annotations

import gc

import pytest
from scripted_server import Clock, ScriptedServer, answer, raw
from sending import FINE, GET, transport

from influx_secrets import _errors as errors
from influx_secrets._client.proxies import proxy_address, proxy_for


@pytest.fixture
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No server is excluded from proxies by the environment of the tests."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_proxy_http_is_used_and_its_html_is_no_answer(no_exceptions: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY is honoured; its error page is called what it is."""
    with ScriptedServer(FINE, answer(403, "<html>", content_type="text/html")) as proxy:
        no_exceptions.setenv("HTTP_PROXY", proxy.url)
        sender = transport("http://influx.invalid:8086", settings={"allow_insecure": True})
        assert sender.send(GET).status == 200
        assert proxy.requests[0].target == "http://influx.invalid:8086/thing"
        with pytest.raises(errors.ResponseError, match="text/html"):
            sender.send(GET)


# Python 3.10's http.client leaves the socket of a refused tunnel to the garbage collector, which then complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("status", "attempts", "says"),
    [
        (None, 2, "no connection to {} could be made. Correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY"),
        (403, 1, "{} gave no connection to the server (HTTP 403). Check the url and the proxy"),
        (407, 1, "{} needs a user and a password. Add both to the url in HTTPS_PROXY or ALL_PROXY"),
        (502, 2, "{} gave no connection to the server (HTTP 502). Check the url and the proxy"),
    ],
)
def test_proxy_that_gives_no_tunnel_is_blamed(
    no_exceptions: pytest.MonkeyPatch, status: int | None, attempts: int, says: str
) -> None:
    """A proxy that refuses or is not there is named, without its password; a refusal (4xx) is not tried again."""
    with ScriptedServer(raw(b"HTTP/1.1 %d planted\r\n\r\n" % (status or 0))) as proxy:
        port = proxy.port
        if status is None:
            proxy.__exit__(None, None, None)
        no_exceptions.setenv("HTTPS_PROXY", f"http://user:planted@127.0.0.1:{port}")
        with pytest.raises(errors.NotSentError) as caught:
            transport("https://influx.invalid", Clock(), settings={"max_attempts": 2}).send(GET)
    gc.collect()
    named = says.format(f'the proxy "127.0.0.1:{port}"')
    assert str(caught.value).endswith(f"{named}, or add the host of the server to NO_PROXY (IS419)")
    assert caught.value.attempts == attempts
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["http://", "socks5://127.0.0.1:1", "ftp://u:planted@h", "http://u:planted@[::1"])
def test_proxy_malformed_is_a_settings_error(no_exceptions: pytest.MonkeyPatch, proxy: str) -> None:
    """A proxy that is not a usable url, or needs a package that is missing, is one line without its password."""
    no_exceptions.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(errors.SettingsError) as caught:
        transport("https://influx.invalid")
    assert str(caught.value).startswith("cannot use the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: ")
    assert "planted" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "db.localhost", "[::1]"])
def test_proxy_is_not_used_for_loopback(no_exceptions: pytest.MonkeyPatch, host: str) -> None:
    """A proxy would see token and values in clear, or reach a loopback of its own; Go's clients do the same."""
    no_exceptions.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert proxy_for(f"http://{host}:8086") is None
    if host == "127.0.0.1":
        with ScriptedServer(FINE) as server:
            assert transport(server.url).send(GET).status == 200


@pytest.mark.parametrize(
    ("excluded", "is_excluded"),
    [("influx.example", True), (".example", True), ("ample", False), ("*", True), ("influx.example:8086", True)],
)
def test_proxy_is_not_used_for_excluded_hosts(
    no_exceptions: pytest.MonkeyPatch, excluded: str, *, is_excluded: bool
) -> None:
    """NO_PROXY names hosts, with a port or not, and domains."""
    no_exceptions.setenv("ALL_PROXY", "proxy.example:3128")
    no_exceptions.setenv("NO_PROXY", f"other.test, {excluded}")
    if excluded == "*":
        no_exceptions.setenv("NO_PROXY", excluded)
    assert proxy_for("http://influx.example:8086") == (None if is_excluded else "http://proxy.example:3128")


@pytest.mark.parametrize(("address", "is_excluded"), [("10.1.2.3", True), ("11.0.0.1", False), ("[fd00::1]", True)])
def test_proxy_is_not_used_for_excluded_networks(
    no_exceptions: pytest.MonkeyPatch, address: str, *, is_excluded: bool
) -> None:
    """NO_PROXY names networks too, as many companies do."""
    no_exceptions.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    no_exceptions.setenv("NO_PROXY", "other.test,10.0.0.0/8,fd00::/8")
    assert (proxy_for(f"https://{address}") is None) is is_excluded


def test_proxy_address_shows_no_password(no_exceptions: pytest.MonkeyPatch) -> None:
    """What `doctor` shows of it."""
    no_exceptions.setenv("HTTPS_PROXY", "http://user:planted@proxy.example:3128/")
    assert proxy_address("https://influx.example") == "proxy.example:3128"
