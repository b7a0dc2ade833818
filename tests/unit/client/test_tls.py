"""TLS and proxies: who is trusted, and what each refusal says."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import logging
import socket
import ssl
import threading
from typing import TYPE_CHECKING

import pytest
import trustme
from scripted_server import Clock, ScriptedServer, answer, raw
from sending import FINE, GET, PATCH, transport

from influx_secrets import _errors as errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def tls_server(authority: trustme.CA, *identities: str, age: int = 0) -> ScriptedServer:
    """A TLS server whose certificate began and ends `age` days earlier than usual."""
    now = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=age)
    begin, end = now - dt.timedelta(days=1), now + dt.timedelta(days=1)
    issued = authority.issue_cert(*(identities or ("127.0.0.1",)), not_before=begin, not_after=end)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issued.configure_cert(context)
    return ScriptedServer(FINE, tls=context)


def test_tls_authority_in_ca_file_is_trusted(authority: trustme.CA, ca_file: str) -> None:
    """`ca_file` is what makes a private authority good."""
    with tls_server(authority) as server, transport(server.url, settings={"ca_file": ca_file}) as sender:
        assert sender.send(GET).status == 200


def refused(server: ScriptedServer, **settings: object) -> str:
    """The text of the one refusal, after which nothing is tried again."""
    clock = Clock()
    with server, transport(server.url, clock, settings=settings) as sender:
        with pytest.raises(errors.NotSentError) as caught:
            sender.send(PATCH)
        assert server.requests == []
    assert clock.waits == []
    assert caught.value.attempts == 1
    return str(caught.value)


def test_tls_unknown_authority_says_how_to_trust_it(authority: trustme.CA) -> None:
    """The line names both ways out."""
    text = refused(tls_server(authority))
    assert "is not signed by an authority that this machine trusts" in text
    for name in ("caFile", "INFLUXDB_V2_SSL_CA_CERT", "skipVerify", "INFLUX_SKIP_VERIFY"):
        assert name in text


def test_tls_expired_certificate_is_called_expired(authority: trustme.CA, ca_file: str) -> None:
    """Trusting more would not help: the line says to renew it."""
    text = refused(tls_server(authority, age=9), ca_file=ca_file)
    assert text.endswith("the server's TLS certificate has expired: renew it on the server")


def test_tls_certificate_of_the_future_points_at_the_clocks(authority: trustme.CA, ca_file: str) -> None:
    """A certificate that is not valid yet is most often a wrong clock."""
    assert "check the clocks" in refused(tls_server(authority, age=-9), ca_file=ca_file)


def test_tls_certificate_for_another_name_says_so(authority: trustme.CA, ca_file: str) -> None:
    """The name is the problem, not the authority."""
    assert "is for another" in refused(tls_server(authority, "elsewhere.example"), ca_file=ca_file)


@contextlib.contextmanager
def listening(greet: Callable[[socket.socket], None]) -> Iterator[str]:
    """A https url where a plain socket receives the greeting and answers as told."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(10_000)
                    greet(connection)
                    connection.recv(10_000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_tls_server_without_tls_suggests_http() -> None:
    """A TLS greeting to a plain port asks whether http was meant."""
    with (
        listening(lambda connection: connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")) as url,
        pytest.raises(errors.NotSentError, match="should the url begin with http://"),
    ):
        transport(url).send(GET)


def test_tls_no_common_version_shows_the_reason(authority: trustme.CA) -> None:
    """Other failures of the handshake show OpenSSL's own word for them."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    settings = {"skip_verify": True, "max_attempts": 1}
    says = r"no TLS connection could be agreed on \([A-Z0-9_]+\)"
    with (
        ScriptedServer(FINE, tls=context) as server,
        transport(server.url, settings=settings) as sender,
        pytest.raises(errors.NotSentError, match=says),
    ):
        sender.send(GET)


def test_tls_connection_cut_in_the_handshake_is_tried_again() -> None:
    """A server that hangs up during the handshake may be restarting."""
    clock = Clock()
    with (
        listening(lambda connection: connection.shutdown(socket.SHUT_WR)) as url,
        pytest.raises(errors.NoAnswerError, match="the TLS connection was closed too early"),
    ):
        transport(url, clock, settings={"max_attempts": 2}).send(GET)
    assert clock.waits == [0.5]


def test_tls_skip_verify_accepts_any_and_warns_once(authority: trustme.CA, caplog: pytest.LogCaptureFixture) -> None:
    """`skip_verify` works, and is told once, by our logger, not for each request."""
    settings = {"skip_verify": True}
    with tls_server(authority, age=9) as server, transport(server.url, settings=settings) as sender:
        sender.send(GET)
        sender.send(GET)
    warned = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert warned == [f"the TLS certificate of {server.url} is not verified (skipVerify)"]


def test_tls_bundle_of_the_environment_counts_unless_settings_say_otherwise(
    authority: trustme.CA, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE is honoured, but overrides neither `ca_file` nor `skip_verify`."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
    with tls_server(authority) as server:
        assert transport(server.url).send(GET).status == 200
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
        assert transport(server.url, settings={"ca_file": ca_file}).send(GET).status == 200
        assert transport(server.url, settings={"skip_verify": True}).send(GET).status == 200
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle")
        with pytest.raises(errors.SettingsError, match="REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE cannot be read"):
            transport(server.url).send(GET)


@pytest.fixture
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Loopback goes through proxies too."""
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
@pytest.mark.parametrize("answered", [True, False])
def test_proxy_that_gives_no_tunnel_is_blamed(no_exceptions: pytest.MonkeyPatch, *, answered: bool) -> None:
    """A proxy that refuses or is not there is named as the problem, without its address or password."""
    with ScriptedServer(raw(b"HTTP/1.1 403 planted\r\n\r\n")) as proxy:
        port = proxy.port
        if not answered:
            proxy.__exit__(None, None, None)
        no_exceptions.setenv("HTTPS_PROXY", f"http://user:planted@127.0.0.1:{port}")
        with pytest.raises(errors.NotSentError) as caught:
            transport("https://influx.invalid", settings={"max_attempts": 1}).send(GET)
    gc.collect()
    assert ("the proxy answered HTTP 403" if answered else "the proxy cannot be reached") in str(caught.value)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["http://", "socks9://h:1", "http://[::1"])
def test_proxy_malformed_is_a_settings_error(no_exceptions: pytest.MonkeyPatch, proxy: str) -> None:
    """A proxy that is no url is named in one line."""
    no_exceptions.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(errors.SettingsError, match="HTTPS_PROXY"):
        transport("https://influx.invalid").send(GET)


def test_proxy_socks_without_support_is_a_settings_error(no_exceptions: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy needs a package that is not there: that is a matter of settings."""
    no_exceptions.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(errors.SettingsError, match="ALL_PROXY"):
        transport("https://influx.invalid").send(GET)
