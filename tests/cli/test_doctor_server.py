"""The command `doctor`: what answers in place of an InfluxDB, certificates, products, clocks, Flux and proxies."""

from __future__ import annotations

import datetime as dt
import json
import socket
import ssl
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme
from command_line import Command, line
from scripted_server import ScriptedServer, Step, answer, json_answer
from servers import EmulatorServer, InfluxdServer, SecretsServer, closed_port

from influx_secrets import SecretsClient, Settings
from influx_secrets.cli.doctor.check_result import Verdict
from influx_secrets.cli.doctor.server_checks import check_server
from influx_secrets.emulator import Answer

# What answers there


@pytest.mark.parametrize(
    "step", [answer(200, "<html>hello</html>", content_type="text/html"), answer(404, "nothing"), json_answer(200, {})]
)
def test_doctor_another_program(lone: Command, step: object) -> None:
    """Something answers that is no InfluxDB."""
    with ScriptedServer(step) as server:  # type: ignore[arg-type]  # a step writes what it likes
        done = lone("doctor", environ={"INFLUX_HOST": server.url})
    assert done.code == 1
    assert "does not come from the InfluxDB API" in line(done, "connection")


@pytest.mark.parametrize("path", ["/influx", "/api/v2"])
def test_doctor_wrong_path(command: Command, server: SecretsServer, path: str) -> None:
    """InfluxDB is there, but not below this path: a gateway's, or the API's own."""
    done = command("doctor", environ={"INFLUX_HOST": f"{server.url}{path}"})
    assert line(done, "connection").endswith(f"InfluxDB is not below the path {path}; use the url {server.url}")


def test_doctor_api_path_below_a_prefix(lone: Command) -> None:
    """A gateway serves InfluxDB below a path, and something else at its root: the url that works has the prefix."""

    def gateway(connection: socket.socket) -> bool:
        return (HEALTH if server.requests[-1].target == "/influx/health" else answer(404))(connection)

    with ScriptedServer(gateway) as server:
        done = lone("doctor", environ={"INFLUX_HOST": f"{server.url}/influx/api/v2"})
    assert line(done, "connection").endswith(f"use the url {server.url}/influx")


def test_doctor_nothing_below_any_path(lone: Command) -> None:
    """The error stays the one of the url that was given."""
    with ScriptedServer(answer(404)) as other:
        done = lone("doctor", environ={"INFLUX_HOST": f"{other.url}/influx"})
    assert "does not come from the InfluxDB API" in line(done, "connection")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def tls(authority: trustme.CA) -> Iterator[ScriptedServer]:
    """An InfluxDB behind TLS, as far as `/health` goes; a token is not known to it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    health = json_answer(200, {"version": "v2.9.1"}, x_influxdb_build="OSS")
    with ScriptedServer(health, json_answer(401, {"code": "unauthorized"}), tls=context) as server:
        yield server


def test_doctor_https_url_of_a_plain_server(command: Command, server: SecretsServer) -> None:
    """The url should begin with http."""
    done = command("doctor", environ={"INFLUX_HOST": server.url.replace("http:", "https:")})
    assert "or begin the url with http://" in line(done, "connection")


@pytest.mark.parametrize("trusted", [True, False])
def test_doctor_http_url_of_a_tls_server(lone: Command, tls: ScriptedServer, ca_file: str, *, trusted: bool) -> None:
    """The url should begin with https, whether or not the certificate would be trusted."""
    environ = {"INFLUX_HOST": tls.url.replace("https:", "http:")}
    done = lone("doctor", environ={**environ, **({"INFLUXDB_V2_SSL_CA_CERT": ca_file} if trusted else {})})
    assert line(done, "connection").endswith(f"the server speaks TLS on this port; use the url {tls.url}")


@pytest.mark.influxd
def test_doctor_of_an_influxd_with_tls(influxd_binary: Path, authority: trustme.CA, tmp_path: Path) -> None:
    """The real server: an authority that is not trusted, a name of another, http for https; then all is well."""
    paths = {name: str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem")}
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(paths["ca.pem"])
    certificate.cert_chain_pems[0].write_to_path(paths["cert.pem"])
    certificate.private_key_pem.write_to_path(paths["key.pem"])
    options = (f"--tls-cert={paths['cert.pem']}", f"--tls-key={paths['key.pem']}")
    with InfluxdServer(influxd_binary, tmp_path, options, paths["ca.pem"]) as server:
        command = Command({**server.environment, "INFLUX_ORG": "setup"})
        trusted = {"INFLUXDB_V2_SSL_CA_CERT": paths["ca.pem"]}
        assert "the server's TLS certificate is not trusted (\"" in line(command("doctor"), "connection")
        other = {"INFLUX_HOST": server.url.replace("127.0.0.1", "localhost"), **trusted}
        assert "certificate" in line(command("doctor", environ=other), "connection")
        plain = {"INFLUX_HOST": server.url.replace("https:", "http:"), **trusted}
        assert line(command("doctor", environ=plain), "connection").endswith(f"use the url {server.url}")
        done = command("doctor", environ=trusted)
        assert done.code == 0
        assert line(done, "certificates").endswith("are trusted, from INFLUXDB_V2_SSL_CA_CERT")


def test_doctor_good_certificate_and_who_is_trusted(lone: Command, tls: ScriptedServer, ca_file: str) -> None:
    """The file and its source; a bundle of the environment; the system's store; or none at all."""
    seen = lone("doctor", environ={"INFLUX_HOST": tls.url, "INFLUXDB_V2_SSL_CA_CERT": ca_file})
    assert line(seen, "certificates") == f"ok certificates those of {ca_file} are trusted, from INFLUXDB_V2_SSL_CA_CERT"
    assert line(seen, "connection") == "ok connection the server answers"
    bundle = lone("doctor", environ={"INFLUX_HOST": tls.url, "REQUESTS_CA_BUNDLE": ca_file})
    assert line(bundle, "certificates").endswith("from REQUESTS_CA_BUNDLE")
    anybody = lone("doctor", environ={"INFLUX_HOST": tls.url, "INFLUX_SKIP_VERIFY": "true"})
    assert line(anybody, "certificates").startswith("note certificates any is accepted, from INFLUX_SKIP_VERIFY")
    system = lone("doctor", environ={"INFLUX_HOST": "https://127.0.0.1:9", "SSL_CERT_FILE": ""})
    assert line(system, "certificates") == "ok certificates those in the store of this system are trusted"


@pytest.mark.parametrize(
    ("version", "build", "verdict", "says"),
    [
        ("v2.9.1", "OSS", "ok", "InfluxDB OSS v2.9.1"),
        ("2.7.0", None, "ok", "InfluxDB of an unknown build 2.7.0"),
        ("vdev", "OSS", "note", "a version that is no release"),
        ("1.8.10", "OSS", "wrong", "InfluxDB 1 keeps no secrets"),
        ("v3.2.0", "Core", "wrong", "this is made for InfluxDB OSS 2"),
        ("20261101-x", "Cloud", "wrong", "this is made for InfluxDB OSS 2"),
    ],
)
def test_doctor_tells_products_apart(lone: Command, version: str, build: str | None, verdict: str, says: str) -> None:
    """InfluxDB 2 OSS, or something else of that house."""
    headers = {"x_influxdb_build": build} if build else {}
    health = json_answer(200, {"version": version}, **headers)
    with ScriptedServer(health, json_answer(401, {"code": "unauthorized"})) as server:
        found = line(lone("doctor", environ={"INFLUX_HOST": server.url}), "server")
    assert found.startswith(f"{verdict} server InfluxDB")
    assert says in found


def test_doctor_hardened_server_tells_its_version_in_a_header(lone: Command) -> None:
    """An influxd 2.10 with `--hardening-enabled` answers `/health` without version and messages."""
    headers = {"x_influxdb_build": "OSS", "x_influxdb_version": "v2.10.0"}
    health = json_answer(200, {"name": "influxdb", "status": "pass", "checks": []}, **headers)
    with ScriptedServer(health, json_answer(401, {"code": "unauthorized"})) as server:
        done = lone("doctor", environ={"INFLUX_HOST": server.url})
    assert line(done, "server") == "ok server InfluxDB OSS v2.10.0"


def clocks(date: str) -> list[tuple[Verdict, str]]:
    """What is said of a server that gives this date, on a machine where it is noon."""
    noon = dt.datetime(2026, 11, 24, 12, tzinfo=dt.timezone.utc)
    health = json_answer(200, {"version": "v2.9.1"}, date=date)
    with ScriptedServer(health) as server, SecretsClient(Settings(url=server.url)) as client:
        lines = list(check_server(client, noon))
    return [(line.verdict, line.message) for line in lines if line.name == "clocks"]


def test_doctor_clocks_that_disagree() -> None:
    """More than a minute, to either side; a server that tells no time is not accused."""
    wrong = "this machine and the server are 1:00:00 apart"
    assert clocks("Tue, 24 Nov 2026 12:00:59 GMT") == [(Verdict.OK, "this machine and the server agree")]
    assert clocks("Tue, 24 Nov 2026 13:00:00 GMT") == [(Verdict.WRONG, wrong)]
    assert clocks("Tue, 24 Nov 2026 11:00:00 -0000") == [(Verdict.WRONG, wrong)]
    assert clocks("soon") == []
    assert clocks(format_datetime(dt.datetime(2026, 11, 24, 12, tzinfo=dt.timezone.utc))) != []


# Comparing values


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (405, {"code": "method not allowed"}, "/api/v2/query answered HTTP 405. Let proxies"),
        (500, {"code": "internal error", "message": "broken"}, "broken"),
    ],
)
def test_doctor_flux_that_is_off(status: int, body: dict[str, str], says: str) -> None:
    """What is lost without it is said."""

    def before(method: str, path: str) -> Answer | None:
        del method
        return Answer(status, json.dumps(body).encode()) if path.startswith("/api/v2/query") else None

    with EmulatorServer(before=before) as server:
        done = Command({**server.environment, "INFLUX_ORG": "acme"})("doctor")
    assert done.code == 1
    assert line(done, "compare values").startswith("wrong compare values")
    assert says in line(done, "compare values")


def test_doctor_influxd_that_is_too_old() -> None:
    """The last version without proofs: all else works, and what is lost is said."""
    with EmulatorServer(version="2.6.1") as server:
        done = Command({**server.environment, "INFLUX_ORG": "acme"})("doctor")
    assert done.code == 1
    assert line(done, "server") == "ok server InfluxDB OSS v2.6.1"
    assert line(done, "write its secrets") == "ok write its secrets the token may"
    lost = "changed values cannot be noticed, and existing keys cannot be adopted"
    assert line(done, "compare values").startswith(f"wrong compare values {lost}: the server http://127.0.0.1:")
    assert line(done, "compare values").endswith("than InfluxDB 2.7. Upgrade the server to compare values (IS511)")
    assert [row[1] for row in done.rows if row[0] == "wrong"] == ["compare values"]


# Proxies


def test_doctor_plain_http_through_a_proxy_is_wrong(lone: Command) -> None:
    """The proxy sees the token: the variable is named, its password is not."""
    lone.planted.add("planted-proxy-password")
    with closed_port() as port:
        proxy = f"http://me:planted-proxy-password@127.0.0.1:{port}"
        environ = {"INFLUX_HOST": "http://influx.invalid:8086", "HTTP_PROXY": proxy}
        done = lone("doctor", "--allow-insecure", environ=environ)
    assert done.code == 1
    assert line(done, "proxy") == (
        f"wrong proxy requests go through 127.0.0.1:{port}, from HTTP_PROXY, which sees the token and all values, "
        "for the url is plain http; if the server can be reached without, add influx.invalid to NO_PROXY"
    )


def test_doctor_loopback_has_no_proxy(lone: Command) -> None:
    """Whatever the environment says, the token does not leave this machine."""
    done = lone("doctor", environ={"INFLUX_HOST": "http://127.0.0.1:9", "HTTP_PROXY": "http://proxy.invalid:9"})
    assert line(done, "proxy") == "ok proxy none: requests go straight to the server"


def test_doctor_https_through_a_proxy_is_worth_knowing(lone: Command) -> None:
    """A proxy that is not there is found by the connection."""
    with closed_port() as port:
        environ = {"INFLUX_HOST": "https://influx.invalid", "all_proxy": f"http://127.0.0.1:{port}"}
        done = lone("doctor", environ=environ)
    assert line(done, "proxy").startswith("note proxy requests go through 127.0.0.1:")
    assert "from all_proxy" in line(done, "proxy")
    assert "could be made. Correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or add the host" in line(done, "connection")


HEALTH = json_answer(200, {"version": "v2.9.1"}, x_influxdb_build="OSS")
KNOWN = json_answer(404, {"code": "not found", "message": "organization not found"}, x_platform_error_code="not found")
ACTIVE = json_answer(401, {"code": "unauthorized", "message": "read:users/0000000000000001 is unauthorized"})
BROKEN = json_answer(500, {"code": "internal error", "message": "broken"})
ORG = json_answer(200, {"orgs": [{"id": "0123456789abcdef", "name": "acme"}]})


@pytest.mark.parametrize(
    ("steps", "check"),
    [
        ([HEALTH, BROKEN], "token on the server"),
        ([HEALTH, ACTIVE, KNOWN, BROKEN], "read the org"),
        ([HEALTH, ACTIVE, KNOWN, ORG, BROKEN], "read its secrets"),
        ([HEALTH, ACTIVE, KNOWN, ORG, json_answer(200, {"secrets": ["A"]}), BROKEN], "write its secrets"),
    ],
)
def test_doctor_server_that_breaks_is_told_where_it_broke(lone: Command, steps: list[Step], check: str) -> None:
    """Neither the token nor its permissions are blamed for what the server cannot do."""
    with ScriptedServer(*steps) as server:
        done = lone("doctor", "--org-id", "0123456789abcdef", environ={"INFLUX_HOST": server.url})
    assert done.code == 1
    assert line(done, check).startswith(f"wrong {check} cannot ")
    assert "broken" in line(done, check)
