"""The fixtures for users' tests, in runs of pytest like theirs: processes that find the plugin by themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from programs import needed

USES = """
import os

import pytest
import requests

from influx_secrets import SecretsClient, Settings
from influx_secrets.emulator import Emulator, Fault, Reset


def put(key, value):
    settings = Settings(url=os.environ["INFLUX_HOST"], token=os.environ["INFLUX_TOKEN"])
    with SecretsClient(settings) as client:
        client.upsert_secrets(client.find_org("acme").id, {key: value})


def test_one(influxdb):
    put("A", "1")
    assert influxdb.secrets("acme") == {"A": "1"}
    assert [(request.method, request.keys) for request in influxdb.writes] == [("PATCH", ("A",))]
    influxdb.inject(Fault(Reset()))


def test_two_begins_anew(influxdb, influxdb_server):
    assert influxdb is influxdb_server
    assert (influxdb.secrets("acme"), influxdb.requests, influxdb.faults) == ({}, (), ())
    put("B", "2")


class TestOrgs:
    @pytest.fixture
    def influxdb_orgs(self):
        return {"beta": "00000000000000aa", "gamma": "00000000000000bb"}

    def test_are_those_of_the_fixture(self, influxdb):
        assert influxdb.orgs == {"beta": "00000000000000aa", "gamma": "00000000000000bb"}


def test_environment_of_others_is_away(influxdb):
    assert {name: value for name, value in os.environ.items() if name.startswith("INFLUX")} == {
        **influxdb.environment, "INFLUX_CONFIGS_PATH": os.environ["INFLUX_CONFIGS_PATH"]
    }
    assert not os.path.exists(os.environ["INFLUX_CONFIGS_PATH"])
    assert requests.get(influxdb.url + "/health", timeout=5).status_code == 200


def test_server_is_spoiled(influxdb):
    influxdb.revoke_token(influxdb.token)
    influxdb.stop()


def test_server_is_whole_again(influxdb):
    headers = {"Authorization": f"Token {influxdb.token}"}
    assert requests.get(influxdb.url + "/api/v2/orgs", headers=headers, timeout=5).status_code == 200


def test_environment_is_back():
    assert os.environ["INFLUX_HOST"] == "https://real.example.com"
    assert os.environ["INFLUX_ORG"] == "production"


def test_more_servers(influxdb, new_influxdb):
    first, second = new_influxdb(("one",)), new_influxdb(orgs=("two",), token="t")
    assert isinstance(first, Emulator)
    assert len({influxdb.url, first.url, second.url}) == 3
    assert (list(first.orgs), list(second.orgs), second.token) == (["one"], ["two"], "t")
    pytest.urls = [first.url, second.url]


def test_more_servers_have_stopped():
    for url in pytest.urls:
        with pytest.raises(requests.ConnectionError):
            requests.get(url + "/health", timeout=5)
"""

STACKS = """
import pulumi
from pulumi import automation

from influx_secrets import OrgSecrets


def program():
    OrgSecrets("acme", org="acme", secrets={"A": pulumi.Config().require_secret("a")})


def test_life_of_a_stack(influxdb, influxdb_stack):
    stack = influxdb_stack(program, project="mine")
    stack.set_config("a", automation.ConfigValue("planted", secret=True))
    stack.up()
    assert influxdb.secrets("acme") == {"A": "planted"}
    stack.destroy()
    assert influxdb.secrets("acme") == {}


def test_stacks_are_apart(influxdb, influxdb_stack):
    first = influxdb_stack(lambda: OrgSecrets("acme", org="acme", secrets={"A": "1"}))
    second = influxdb_stack(lambda: OrgSecrets("acme", org="acme", secrets={"B": "2"}))
    first.up()
    assert "create" not in first.preview().change_summary
    assert "same" not in second.preview().change_summary
"""


def run(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a test file as a user of the package would, on a machine with settings for a real server."""
    (folder / "test_it.py").write_text(text, "utf-8")
    options = ["-q", "-c", os.devnull, "--rootdir=.", "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "error"]
    # Nobody listens on port 9: through that proxy nothing goes.
    proxy = dict.fromkeys(("HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9") | dict.fromkeys(
        ("NO_PROXY", "no_proxy"), ""
    )
    real = {"INFLUX_HOST": "https://real.example.com", "INFLUX_ORG": "production", "INFLUXDB_V2_TOKEN": "real-token"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=folder,
        env={**os.environ, **proxy, **real},
        capture_output=True,
        text=True,
        check=False,
    )


def test_fixtures_give_each_test_a_new_server(tmp_path: Path) -> None:
    """State, environment, orgs, more servers: as documented."""
    done = run(tmp_path, USES)
    assert "9 passed" in done.stdout, done.stdout


@pytest.mark.engine
def test_stack_of_a_program_lives_on_the_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the Python that runs the tests, whichever is first on PATH; nothing of it stays in the folder."""
    monkeypatch.setenv("PATH", f"{needed('pulumi').parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    done = run(tmp_path, STACKS, "--basetemp", str(tmp_path / "made"))
    assert "2 passed" in done.stdout, done.stdout
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == ["made", "test_it.py"]


def test_stack_without_the_pulumi_cli_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, not by an error from the depths."""
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run(tmp_path, STACKS)
    lines = done.stdout.splitlines()
    assert lines.count("influxdb_stack needs the Pulumi CLI: install it, or put it on PATH") == 2, done.stdout
    assert "Traceback" not in done.stdout


def test_fixtures_are_listed_with_what_they_do(tmp_path: Path) -> None:
    """`pytest --fixtures` finds them."""
    listed = run(tmp_path, "", "--fixtures").stdout
    for name in ("influxdb", "influxdb_orgs", "influxdb_server [session scope]", "influxdb_stack", "new_influxdb"):
        assert f"\n{name} -- " in listed
    assert "no docstring available" not in listed[listed.index("influxdb_server") :]


def test_run_that_uses_no_fixture_imports_nothing(tmp_path: Path) -> None:
    """Whoever has the package installed does not pay for it in other tests."""
    packages = {"influx_secrets", "pulumi", "aiohttp", "requests"}
    text = f"import sys\n\ndef test_it():\n    assert not {packages!r} & {{*sys.modules}}\n"
    done = run(tmp_path, text, "-p", "no:anyio")
    assert "1 passed" in done.stdout, done.stdout
