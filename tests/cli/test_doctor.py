"""The command `doctor`: each thing that can be wrong is found, named, and comes with what to do; nothing is written."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import ssl
import subprocess
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
import trustme
from proxies import CountingProxy
from running import Command
from scripted_server import ScriptedServer, answer, json_answer
from servers import EmulatorServer, free_port

from influx_secrets import Settings
from influx_secrets.cli._doctor_server import server_lines
from influx_secrets.cli._lines import Verdict
from influx_secrets.emulator import Answer, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from running import Done
    from servers import InfluxdServer, SecretsServer

UP_TO_DATE = {
    "url": "ok",
    "token": "ok",
    "org": "ok",
    "proxy": "ok",
    "connection": "ok",
    "server": "ok",
    "clocks": "ok",
    "token on the server": "ok",
    "read the org": "ok",
    "read its secrets": "ok",
    "write its secrets": "ok",
    "value proofs": "ok",
}


@pytest.fixture
def lone() -> Command:
    """The command line with a token, and the server that a test names."""
    return Command({"INFLUX_TOKEN": "planted-token-of-nobody", "INFLUX_ORG": "acme"})


def verdicts(command: Command, *arguments: str, **environ: str) -> dict[str, str]:
    """What doctor says of each thing; its exit code must agree."""
    done = command("doctor", "--json", *arguments, environ=environ)
    found = {one["check"]: one["verdict"] for one in done.json["checks"]}
    assert done.code == (1 if "wrong" in found.values() else 0)
    assert done.json["ok"] is (done.code == 0)
    return found


def line(done: Done, check: str) -> str:
    """The line of the table about one thing."""
    (found,) = [" ".join(row) for row in done.rows if len(row) == 3 and row[1] == check]
    return found


def test_doctor_finds_nothing_wrong_with_the_smallest_token(command: Command, server: SecretsServer, org: str) -> None:
    """All is well, by name and by id, and the server holds what it held before."""
    server.put_secret(org, "A", "planted-value")
    command.planted.add("planted-value")
    token = server.create_token(org)
    assert verdicts(command, INFLUX_TOKEN=token) == UP_TO_DATE
    assert verdicts(command, "--org-id", server.org_id(org), INFLUX_TOKEN=token) == UP_TO_DATE
    assert server.values(org) == {"A": "planted-value"}


def test_doctor_says_where_settings_come_from(
    command: Command, server: SecretsServer, org: str, tmp_path: Path
) -> None:
    """Environment, profile, option; of the token only the place."""
    profile = tmp_path / "configs"
    profile.write_text(f'[work]\nurl = "{server.url}"\ntoken = "planted-profile-token"\norg = "other"\nactive = true\n')
    command.planted.add("planted-profile-token")
    environ = {"INFLUX_CONFIGS_PATH": str(profile), "INFLUX_HOST": "", "INFLUX_ORG": ""}
    done = command("doctor", "--org", org, environ=environ)
    assert line(done, "url") == f"ok url {server.url}, from url of profile 'work' in {profile}"
    assert line(done, "org") == f'ok org "{org}", from --org'
    # The token of the environment goes to the server of a profile: nobody may have meant that.
    assert line(done, "token").startswith("note token is set, from INFLUX_TOKEN; the url comes from elsewhere")
    done = command("doctor", environ={**environ, "INFLUX_TOKEN": ""})
    assert line(done, "token") == f"ok token is set, from token of profile 'work' in {profile}"
    assert line(done, "token on the server").startswith("wrong token on the server the server does not know it")


@pytest.mark.parametrize(
    ("lacks", "found"),
    [
        ({"read_org": False}, {"read the org": "wrong", "read its secrets": "unknown", "write its secrets": "unknown"}),
        ({"read_secrets": False}, {"read the org": "ok", "read its secrets": "wrong", "write its secrets": "ok"}),
        ({"write_secrets": False}, {"read the org": "ok", "read its secrets": "ok", "write its secrets": "wrong"}),
        (
            {"read_secrets": False, "write_secrets": False},
            {"read the org": "ok", "read its secrets": "wrong", "write its secrets": "wrong"},
        ),
    ],
)
@pytest.mark.parametrize("by", ["name", "id"])
def test_doctor_finds_each_missing_permission(
    command: Command, server: SecretsServer, org: str, lacks: dict[str, bool], found: dict[str, str], by: str
) -> None:
    """Each by itself, whether the org is given by name or by id."""
    token = server.create_token(org, **lacks)
    option = ["--org", org] if by == "name" else ["--org-id", server.org_id(org)]
    seen = verdicts(command, *option, INFLUX_TOKEN=token)
    assert {check: seen[check] for check in found} == found
    assert seen["token on the server"] == "ok"
    if "read_org" in lacks or "read_secrets" in lacks:
        assert seen["value proofs"] == "unknown"


@pytest.mark.influxd
@pytest.mark.skipif(not shutil.which("curl"), reason="the command that is shown needs curl")
def test_doctor_command_makes_a_token_that_suffices(real: Command, influxd: InfluxdServer, acme: str) -> None:
    """Copied into a shell, it makes the smallest token; the token that makes it is in no process list."""
    weak = influxd.create_token(acme, read_secrets=False)
    done = real("doctor", "--json", "--org-id", influxd.org_id(acme), environ={"INFLUX_TOKEN": weak})
    (copied,) = {one["command"] for one in done.json["checks"]} - {""}
    assert copied in real("doctor", "--org-id", influxd.org_id(acme), environ={"INFLUX_TOKEN": weak}).out
    shell = subprocess.run(
        ["bash", "-c", copied], input=f"{influxd.token}\n", capture_output=True, text=True, check=True
    )
    made = json.loads(shell.stdout)
    assert len(made["permissions"]) == 3
    assert verdicts(real, INFLUX_TOKEN=made["token"]) == UP_TO_DATE


def test_doctor_wrong_token_is_told_from_a_missing_permission(command: Command) -> None:
    """The server does not know it at all."""
    done = command("doctor", environ={"INFLUX_TOKEN": "wrong-token-of-the-tests"})
    assert done.code == 1
    assert "does not know it: it is wrong, revoked, or of another server" in line(done, "token on the server")
    assert not [row for row in done.rows if "read the org" in row]
    assert "ORG_ID" in done.out  # Nobody knows the org: it is left to be filled in.


def test_doctor_org_that_is_not_there(command: Command) -> None:
    """By id it is certain, for a token that may read all orgs."""
    done = command("doctor", "--org-id", "f" * 16)
    assert f"there is no org {'f' * 16} on this server" in line(done, "read the org")
    assert verdicts(command, "--org", "nobody")["read the org"] == "wrong"


def test_doctor_without_token_or_org_goes_as_far_as_it_can(command: Command) -> None:
    """The server can be told apart without either."""
    seen = verdicts(command, INFLUX_TOKEN="", INFLUX_ORG="")
    assert (seen["token"], seen["org"], seen["server"]) == ("wrong", "note", "ok")
    assert "read the org" not in seen
    seen = verdicts(command, INFLUX_ORG="")
    assert (seen["token on the server"], "read the org" in seen) == ("ok", False)


def test_doctor_settings_that_cannot_work_are_the_one_line(lone: Command) -> None:
    """Nothing is asked; the malformed url, which may hold a password, is not repeated."""
    done = lone("doctor", environ={"INFLUX_HOST": "http://me:planted-password@h"})
    lone.planted.add("planted-password")
    lone.search(done, {})
    assert done.code == 1
    assert [row[:2] for row in done.rows if len(row) == 3] == [["wrong", "settings"]]
    assert "INFLUX_HOST: must not hold a user name or password" in done.out


def test_doctor_both_org_options_are_an_error(lone: Command) -> None:
    """Wrong arguments are code 2, as everywhere."""
    assert lone("doctor", "--org", "a", "--org-id", "f" * 16).code == 2


# What answers there


def test_doctor_no_server(lone: Command) -> None:
    """Nobody listens."""
    done = lone("doctor", environ={"INFLUX_HOST": f"http://127.0.0.1:{free_port()}"})
    assert done.code == 1
    assert "the connection was refused: is the server running, and is the url right?" in line(done, "connection")


@pytest.mark.parametrize(
    "step", [answer(200, "<html>hello</html>", content_type="text/html"), answer(404, "nothing"), json_answer(200, {})]
)
def test_doctor_another_program(lone: Command, step: object) -> None:
    """Something answers that is no InfluxDB."""
    with ScriptedServer(step) as server:  # type: ignore[arg-type]
        done = lone("doctor", environ={"INFLUX_HOST": server.url})
    assert done.code == 1
    assert "is not the InfluxDB API's" in line(done, "connection")


def test_doctor_wrong_path(command: Command, server: SecretsServer) -> None:
    """InfluxDB is there, but not below this path."""
    done = command("doctor", environ={"INFLUX_HOST": f"{server.url}/influx"})
    assert line(done, "connection").endswith(f"InfluxDB is not below the path /influx; use the url {server.url}")
    with ScriptedServer(answer(404)) as other:
        done = command("doctor", environ={"INFLUX_HOST": f"{other.url}/influx"})
    assert "is not the InfluxDB API's" in line(done, "connection")


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
    assert "should the url begin with http://?" in line(done, "connection")


@pytest.mark.parametrize("trusted", [True, False])
def test_doctor_http_url_of_a_tls_server(lone: Command, tls: ScriptedServer, ca_file: str, *, trusted: bool) -> None:
    """The url should begin with https, whether or not the certificate would be trusted."""
    environ = {"INFLUX_HOST": tls.url.replace("https:", "http:")}
    done = lone("doctor", environ={**environ, **({"INFLUXDB_V2_SSL_CA_CERT": ca_file} if trusted else {})})
    assert line(done, "connection").endswith("the server speaks TLS on this port; let the url begin with https://")


def test_doctor_bad_certificate(lone: Command, tls: ScriptedServer) -> None:
    """The line names both ways out."""
    done = lone("doctor", environ={"INFLUX_HOST": tls.url})
    assert "is not signed by an authority that this machine trusts" in line(done, "connection")


def test_doctor_good_certificate_and_who_is_trusted(lone: Command, tls: ScriptedServer, ca_file: str) -> None:
    """The file and its source; a bundle of the environment; or none at all."""
    seen = lone("doctor", environ={"INFLUX_HOST": tls.url, "INFLUXDB_V2_SSL_CA_CERT": ca_file})
    assert line(seen, "certificates") == f"ok certificates those of {ca_file} are trusted, from INFLUXDB_V2_SSL_CA_CERT"
    assert line(seen, "connection") == "ok connection the server answers"
    bundle = lone("doctor", environ={"INFLUX_HOST": tls.url, "REQUESTS_CA_BUNDLE": ca_file})
    assert line(bundle, "certificates").endswith("from REQUESTS_CA_BUNDLE")
    anybody = lone("doctor", environ={"INFLUX_HOST": tls.url, "INFLUX_SKIP_VERIFY": "true"})
    assert line(anybody, "certificates").startswith("note certificates any is accepted, from INFLUX_SKIP_VERIFY")
    system = lone("doctor", environ={"INFLUX_HOST": "https://127.0.0.1:9"})
    assert line(system, "certificates") == "ok certificates those that this machine trusts are trusted"


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


def clocks(date: str) -> list[tuple[Verdict, str]]:
    """What is said of a server that gives this date, on a machine where it is noon."""
    noon = dt.datetime(2026, 11, 24, 12, tzinfo=dt.timezone.utc)
    health = json_answer(200, {"version": "v2.9.1"}, date=date)
    with ScriptedServer(health) as server:
        lines = list(server_lines(Settings(url=server.url), lambda: noon))
    return [(line.verdict, line.says) for line in lines if line.subject == "clocks"]


def test_doctor_clocks_that_disagree() -> None:
    """More than a minute, to either side; a server that tells no time is not accused."""
    wrong = "this machine and the server are 1:00:00 apart"
    assert clocks("Tue, 24 Nov 2026 12:00:59 GMT") == [(Verdict.OK, "this machine and the server agree")]
    assert clocks("Tue, 24 Nov 2026 13:00:00 GMT") == [(Verdict.WRONG, wrong)]
    assert clocks("Tue, 24 Nov 2026 11:00:00 -0000") == [(Verdict.WRONG, wrong)]
    assert clocks("soon") == []
    assert clocks(format_datetime(dt.datetime(2026, 11, 24, 12, tzinfo=dt.timezone.utc))) != []


# Value proofs


NO_MODULE = {"code": "invalid", "message": "error @3:8-3:29: invalid import path contrib/qxip/hash"}


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, NO_MODULE, "the server is older than InfluxDB 2.7"),
        (405, {"code": "method not allowed"}, "the server does not answer Flux queries (HTTP 405)"),
        (500, {"code": "internal error", "message": "broken"}, "broken"),
    ],
)
def test_doctor_flux_that_is_too_old_or_off(status: int, body: dict[str, str], says: str) -> None:
    """What is lost without it is said."""

    def before(method: str, path: str) -> Answer | None:
        del method
        return Answer(status, json.dumps(body).encode()) if path.startswith("/api/v2/query") else None

    with EmulatorServer(Emulator(("acme",), before=before)) as server:
        done = Command({**server.environment, "INFLUX_ORG": "acme"})("doctor")
    assert done.code == 1
    assert line(done, "value proofs").startswith("wrong value proofs")
    assert says in line(done, "value proofs")


# Proxies


def test_doctor_plain_http_through_a_proxy_is_wrong(
    command: Command, server: SecretsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy sees the token: the variable is named, its password is not."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    command.planted.add("planted-proxy-password")
    with CountingProxy(server.url) as proxy:
        address = proxy.url.removeprefix("http://")
        environ = {"HTTP_PROXY": f"http://me:planted-proxy-password@{address}"}
        done = command("doctor", environ=environ)
    assert done.code == 1
    assert line(done, "proxy") == (
        f"wrong proxy requests go through {address}, from HTTP_PROXY, which sees the token and all values, "
        "for the url is plain http; if the server can be reached without, add 127.0.0.1 to NO_PROXY"
    )


def test_doctor_https_through_a_proxy_is_worth_knowing(
    lone: Command, tls: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that is not there is found by the connection."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    done = lone("doctor", environ={"INFLUX_HOST": tls.url, "all_proxy": f"http://127.0.0.1:{free_port()}"})
    assert line(done, "proxy").startswith("note proxy requests go through 127.0.0.1:")
    assert "from all_proxy" in line(done, "proxy")
    assert "the proxy cannot be reached: check HTTP_PROXY, HTTPS_PROXY" in line(done, "connection")
