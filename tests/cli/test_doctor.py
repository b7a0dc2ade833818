"""The command `doctor`: each thing that can be wrong is found, named, and comes with what to do; nothing is written."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import Command, line, verdicts
from servers import InfluxdServer, SecretsServer

UP_TO_DATE = {
    "program": "note",
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
    "compare values": "ok",
}


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
    assert line(done, "url") == f'ok url {server.url}, from url of profile "work" in {profile}'
    assert line(done, "org") == f'ok org "{org}", from --org'
    # The token of the environment goes to the server of a profile: nobody may have meant that.
    assert line(done, "token").startswith("note token is set, from INFLUX_TOKEN; the url comes from elsewhere")
    done = command("doctor", environ={**environ, "INFLUX_TOKEN": ""})
    assert line(done, "token") == f'ok token is set, from token of profile "work" in {profile}'
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
        assert seen["compare values"] == "unknown"


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


def test_doctor_inactive_token_is_told_from_a_wrong_one(command: Command, server: SecretsServer, org: str) -> None:
    """The server knows it, and lets it do nothing."""
    token = server.create_token(org, active=False)
    command.planted.add(token)
    done = command("doctor", environ={"INFLUX_TOKEN": token})
    assert "it is inactive" in line(done, "token on the server")


def test_doctor_org_that_is_not_there(command: Command) -> None:
    """By id it is certain, for a token that may read all orgs."""
    done = command("doctor", "--org-id", "f" * 16)
    assert f"there is no org {'f' * 16} on this server" in line(done, "read the org")
    assert verdicts(command, "--org", "nobody")["read the org"] == "wrong"
    assert "correct the name of the org, or the url" in line(command("doctor", "--org", "nobody"), "read the org")
    assert "The smallest token" not in command("doctor", "--org", "nobody").out


def test_doctor_without_token_or_org_goes_as_far_as_it_can(command: Command) -> None:
    """The server can be told apart without either."""
    seen = verdicts(command, INFLUX_TOKEN="", INFLUX_ORG="")
    assert (seen["token"], seen["org"], seen["server"]) == ("wrong", "note", "ok")
    assert "read the org" not in seen
    assert "The smallest token" in command("doctor", environ={"INFLUX_TOKEN": ""}).out
    seen = verdicts(command, INFLUX_ORG="")
    assert (seen["token on the server"], "read the org" in seen) == ("ok", False)


def test_doctor_settings_that_cannot_work_are_the_one_line(lone: Command) -> None:
    """Nothing is asked; the malformed url, which may hold a password, is not repeated."""
    done = lone("doctor", environ={"INFLUX_HOST": "http://me:planted-password@h"})
    lone.planted.add("planted-password")
    lone.search(done, {})
    assert done.code == 1
    assert [row[:2] for row in done.rows if len(row) == 3] == [["note", "program"], ["wrong", "settings"]]
    assert "INFLUX_HOST must not contain a user name or password" in done.out


def test_doctor_url_of_a_page_in_the_browser(command: Command, server: SecretsServer) -> None:
    """The settings refuse it, as they do in a program, and the line says what to use."""
    done = command("doctor", environ={"INFLUX_HOST": f"{server.url}/orgs/0123456789abcdef/data-explorer"})
    assert done.code == 1
    assert line(done, "settings") == (
        f"wrong settings INFLUX_HOST is the address of a page in the browser. Set the url to {server.url} (IS205)"
    )


def test_doctor_both_org_options_are_an_error(lone: Command) -> None:
    """Wrong arguments are code 2, as everywhere."""
    assert lone("doctor", "--org", "a", "--org-id", "f" * 16).code == 2
