"""TLS: who is trusted, and what each refusal says."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import certifi
import pytest
import trustme
from scripted_server import Clock, ScriptedServer
from sending import FINE, GET, PATCH, transport

from influx_secrets import _errors as errors
from influx_secrets._client import tls
from influx_secrets._client.client import SecretsClient
from influx_secrets._client.settings import Settings


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
    """The line names the reason and the settings."""
    text = refused(tls_server(authority))
    assert 'certificate is not trusted ("unable to get local issuer certificate"). If you trust' in text
    for name in ("influx-secrets:caFile", "INFLUXDB_V2_SSL_CA_CERT"):
        assert name in text


def test_tls_expired_certificate_is_called_expired(authority: trustme.CA, ca_file: str) -> None:
    """Trusting more would not help: the line says to renew it."""
    text = refused(tls_server(authority, age=9), ca_file=ca_file)
    assert text.endswith("the server's TLS certificate has expired. Renew the certificate on the server (IS432)")


def test_tls_certificate_of_the_future_points_at_the_clock(authority: trustme.CA, ca_file: str) -> None:
    """A certificate that is not valid yet is most often a wrong clock."""
    assert "Check the clock of this machine" in refused(tls_server(authority, age=-9), ca_file=ca_file)


def test_tls_certificate_for_another_name_says_so(authority: trustme.CA, ca_file: str) -> None:
    """The name is the problem, not the authority."""
    for identity in ("elsewhere.example", "127.0.0.2"):
        text = refused(tls_server(authority, identity), ca_file=ca_file)
        assert "does not contain the host of the url. Give the server" in text


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
    """A TLS greeting to a plain port names both ways out."""
    with (
        listening(lambda connection: connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")) as url,
        pytest.raises(errors.NotSentError, match="Correct the port, or begin the url with http://"),
    ):
        transport(url).send(GET)


def test_tls_no_common_version_shows_the_reason(authority: trustme.CA) -> None:
    """Other failures of the handshake show OpenSSL's own word for them."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    settings = {"skip_verify": True, "max_attempts": 1}
    says = r"the TLS handshake failed \([A-Z0-9_]+\)"
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
        pytest.raises(errors.NoAnswerError, match="the TLS connection was closed before the answer"),
    ):
        transport(url, clock, settings={"max_attempts": 2}).send(GET)
    assert clock.waits == [0.5]


def test_tls_skip_verify_accepts_any_and_warns_once(authority: trustme.CA, caplog: pytest.LogCaptureFixture) -> None:
    """`skip_verify` works, and is told once, by our logger, not for each request."""
    settings, filters = {"skip_verify": True}, list(warnings.filters)
    with tls_server(authority, age=9) as server, transport(server.url, settings=settings) as sender:
        sender.send(GET)
        sender.send(GET)
        assert warnings.filters == filters, "of the whole process"
    warned = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    says = (
        f"influx-secrets: the TLS certificate of {server.url} is not verified, because skipVerify (INFLUX_SKIP_VERIFY) "
        "is true. Others on the network may read the token and the values. Set caFile (INFLUXDB_V2_SSL_CA_CERT), and "
        "remove skipVerify (IS437)"
    )
    assert warned == [says]


@pytest.fixture
def other_ca(tmp_path: Path) -> str:
    """An authority that signed nothing here."""
    path = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return str(path)


@pytest.mark.parametrize("name", tls.BUNDLE_VARIABLES)
def test_tls_bundle_of_the_environment_counts_unless_settings_say_otherwise(
    authority: trustme.CA, ca_file: str, other_ca: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A bundle that a variable names is trusted, but overrides neither `ca_file` nor `skip_verify`."""
    for variable in tls.BUNDLE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, ca_file)
    with tls_server(authority) as server:
        assert transport(server.url).send(GET).status == 200
        monkeypatch.setenv(name, other_ca)
        assert transport(server.url, settings={"ca_file": ca_file}).send(GET).status == 200
        assert transport(server.url, settings={"skip_verify": True}).send(GET).status == 200
        monkeypatch.setenv(name, "/no/such/bundle")
        with pytest.raises(errors.SettingsError, match=f"^cannot read the CA file .*: No such file .* unset {name} "):
            transport(server.url)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no certificate", "the CA file {} contains no certificate in PEM form. "),
        (None, "cannot read the CA file {}: No such file or directory. "),
    ],
)
def test_tls_ca_file_that_cannot_be_used_is_an_error_before_any_request(
    tmp_path: Path, content: str | None, says: str
) -> None:
    """Settings are values and read no file; who makes a client of them does, and gets one line."""
    path = tmp_path / "ca.pem"
    settings = Settings(url="http://localhost:1", ca_file=str(path))
    assert Settings.resolve({"url": "http://localhost:1"}, environ={"INFLUXDB_V2_SSL_CA_CERT": str(path)}) == settings
    if content is not None:
        path.write_text(content)
    with pytest.raises(errors.SettingsError) as caught:
        SecretsClient(settings)
    assert str(caught.value).startswith(f"{says.format(path)}Correct or unset influx-secrets:caFile, ca_file of the ")
    assert caught.value.__context__ is None


class Places(NamedTuple):
    """Where OpenSSL looks for certificates."""

    cafile: str | None
    capath: str | None


@pytest.mark.parametrize("found", ["", "OpenSSL's file", "OpenSSL's folder", "a system's file"])
def test_tls_empty_store_falls_back_to_certifi(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    """A Python that finds no certificate by itself trusts a well-known file of the system, else certifi's list."""
    (tmp_path / ("0a1b2c3d.0" if "folder" in found else "README")).touch()
    (tmp_path / "system.pem").write_bytes(authority.cert_pem.bytes())
    places = Places(str(tmp_path / "system.pem") if found == "OpenSSL's file" else None, str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: places)
    monkeypatch.setattr(tls, "_SYSTEM_FILES", (str(tmp_path / ("system.pem" if "system's" in found else "none")),))
    own_place = None if "OpenSSL" in found else certifi.where()
    assert tls.fallback_bundle() == (str(tmp_path / "system.pem") if found == "a system's file" else own_place)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_tls_other_systems_ask_their_own_store(
    authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    """There, truststore verifies with the system's own means; here, where those are OpenSSL's, it can be tried."""
    for variable in tls.BUNDLE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    with tls_server(authority) as server:
        with monkeypatch.context() as patch:
            patch.setattr("sys.platform", system)
            assert tls.fallback_bundle() is None
            sender = transport(server.url, settings={"max_attempts": 1})
        with pytest.raises(errors.NotSentError, match=r"certificate is not trusted \("):
            sender.send(GET)
        monkeypatch.setenv("SSL_CERT_FILE", ca_file)
        assert sender.send(GET).status == 200
