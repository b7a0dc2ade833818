"""The example of a fleet: one program on many servers, run as a user runs it, with the real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from engine.leaks import forms
from servers import closed_port

import toolchain
from influx_secrets.emulator import Emulator

EXAMPLE = Path(__file__).parents[2] / "examples" / "fleet"
PLANTED = "planted-in-the-fleet"
TOKEN = "token-of-the-fleet"


@dataclass
class Fleet:
    """Three servers with five secrets each, in a folder with a fleet file; `outputs` is what all commands wrote."""

    folder: Path
    servers: dict[str, Emulator]
    environment: dict[str, str]
    outputs: list[str] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "fleet.yaml"

    def write(self, **changes: Any) -> None:  # noqa: ANN401 (whatever a user writes)
        """Write the fleet file, and the values."""
        servers = {name: {"url": one.url, "org": "acme", "token": "FLEET_TOKEN"} for name, one in self.servers.items()}
        content = {"project": "fleet", "values": ["cat", "{server}.json"], "servers": servers, **changes}
        self.file.write_text(yaml.safe_dump(content), "utf-8")
        for name in self.servers:
            values = {f"KEY_{number}": f"{PLANTED}-{name}-{number}" for number in range(5)}
            (self.folder / f"{name}.json").write_text(json.dumps(values), "utf-8")

    def start(self, action: str, *options: str) -> subprocess.Popen[str]:
        """Start the command in a process group of its own, as a shell does."""
        return subprocess.Popen(
            [sys.executable, EXAMPLE / "fleet.py", action, self.file, *options],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, action: str, *options: str, code: int = 0) -> list[str]:
        """Run the command to its end; return its lines."""
        with self.start(action, *options) as process:
            output = process.communicate(timeout=240)[0]
        self.outputs.append(output)
        assert process.returncode == code, output
        return output.splitlines()

    def values(self) -> dict[str, dict[str, str]]:
        """Return what each server holds."""
        return {name: server.secrets("acme") for name, server in self.servers.items()}

    def wanted(self) -> dict[str, dict[str, str]]:
        """Return what each server should hold."""
        return {name: json.loads((self.folder / f"{name}.json").read_text("utf-8")) for name in self.servers}


@pytest.fixture
def fleet(engine: Path, tmp_path: Path) -> Iterator[Fleet]:
    """Three servers with one token."""
    del engine  # It is there.
    names = ("eu-1", "eu-2", "us-1")
    with ExitStack() as running:
        servers = {name: running.enter_context(Emulator(("acme",), token=TOKEN)) for name in names}
        environment = toolchain.environment(tmp_path / "pulumi")
        del environment["PULUMI_BACKEND_URL"]  # so that the example takes its own
        environment["FLEET_TOKEN"] = TOKEN
        made = Fleet(tmp_path / "fleet", servers, environment)
        made.folder.mkdir()
        made.write()
        yield made


def test_fleet_from_a_server_that_is_down_to_the_end(fleet: Fleet) -> None:
    """The summary names the server and the reason, the next run finishes; the alarm names what others changed."""
    fleet.servers["eu-2"].stop()
    with closed_port(urlsplit(fleet.servers["eu-2"].url).port or 0):
        lines = fleet.run("up", "--parallel", "2", code=1)
        # It cannot show what the server holds, which is no failure of a preview, but must not look like an answer.
        assert any("cannot compare all keys with the server" in line for line in fleet.run("preview", "--only", "eu-2"))
    assert "3 servers: 2 done, 1 failed; keys: 10 added, 0 changed, 0 removed" in lines
    (failed,) = [line for line in lines if line.startswith("failed ")]
    assert failed.startswith("failed eu-2: ")
    assert "the connection was refused" in failed
    assert "Traceback" not in "".join(lines)
    assert {name for name, held in fleet.values().items() if held} == {"eu-1", "us-1"}

    fleet.servers["eu-2"].start()
    lines = fleet.run("up", "--parallel", "2")
    assert lines[-1] == "3 servers: 3 done, 0 failed; keys: 5 added, 0 changed, 0 removed"
    assert fleet.values() == fleet.wanted()

    fleet.servers["eu-1"].put_secret("acme", "KEY_1", "theirs")
    lines = fleet.run("drift", "--only", "eu-*", code=1)
    outside = "1 changed or removed by others"
    assert lines[-2] == f"2 servers: 1 done, 1 failed; keys: 0 added, 1 changed, 0 removed, {outside}"
    assert lines[-1].startswith("failed eu-1: not as declared")
    assert fleet.run("refresh", "--only", "eu-1")[-1].endswith(f"keys: 0 added, 0 changed, 0 removed, {outside}")
    # Another machine has the state alone.
    for name in ("Pulumi.yaml", "Pulumi.eu-1.yaml"):
        (fleet.folder / ".fleet" / "eu-1" / name).unlink()
    assert fleet.run("preview", "--only", "eu-1")[-1].endswith("keys: 0 added, 1 changed, 0 removed")
    assert fleet.values()["eu-1"]["KEY_1"] == "theirs"
    fleet.run("up", "--only", "eu-1")
    assert fleet.values() == fleet.wanted()

    written = {path: path.read_bytes() for path in (fleet.folder / ".fleet").rglob("*") if path.is_file()}
    written |= {Path(f"output {number}"): text.encode() for number, text in enumerate(fleet.outputs)}
    assert any("state" in str(path) for path in written)
    for secret in (PLANTED, TOKEN):
        for form in forms(secret).values():
            assert [path for path, content in written.items() if form in content] == []
    lines = fleet.run("destroy")
    assert lines[-1] == "3 servers: 3 done, 0 failed; keys: 0 added, 0 changed, 15 removed"
    assert set(map(len, fleet.values().values())) == {0}


def test_command_or_fleet_that_is_wrong_is_told_in_one_line_each(fleet: Fleet) -> None:
    """A server without token or values fails alone; a wrong file or command is refused before anything is done."""
    servers = {name: {"url": one.url, "org": "acme", "token": "FLEET_TOKEN"} for name, one in fleet.servers.items()}
    servers["eu-1"]["token"] = "NO_SUCH_TOKEN"
    fleet.write(servers=servers)
    (fleet.folder / "eu-2.json").unlink()
    (fleet.folder / "us-1.json").write_text(json.dumps({"KEY": [PLANTED]}), "utf-8")
    eu_1, eu_2, us_1 = fleet.run("up", code=1)[-3:]
    assert eu_1 == "failed eu-1: the environment variable NO_SUCH_TOKEN holds no token"
    assert eu_2.startswith("failed eu-2: no values: cat ended with 1: cat: eu-2.json: ")
    assert us_1 == "failed us-1: no values: cat must print a JSON object, key to text"
    (fleet.folder / "us-1.json").write_text(PLANTED, "utf-8")
    assert fleet.run("up", "--only", "us-1", code=1)[-1] == "failed us-1: no values: cat: JSONDecodeError"
    assert PLANTED not in "".join(fleet.outputs)

    assert fleet.run("up", "--only", "asia-*", code=2) == ["error: no server has a name like 'asia-*'"]
    fleet.write()
    fleet.run("refresh", "--only", "us-1")
    fleet.environment["PULUMI_CONFIG_PASSPHRASE"] = "another"
    line = fleet.run("refresh", "--only", "us-1", code=1)[-1]
    assert line == "failed us-1: getting stack configuration: get stack secrets manager: incorrect passphrase"
    passphrase = fleet.environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE")
    del fleet.environment["PULUMI_CONFIG_PASSPHRASE"]
    (line,) = fleet.run("up", code=2)
    assert line.startswith("error: set PULUMI_CONFIG_PASSPHRASE")

    fleet.environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = passphrase
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"colour": "red"}, "must have project, servers, values, and nothing else"),
        ({"servers": {}}, "servers must be a map, name to url, org and token"),
        ({"servers": {"a": {"url": "http://localhost"}}}, "server a: give url, org and token, three texts"),
        ({"servers": {"a/b": {}}}, "server 'a/b': a name has letters, digits, and _ . - only"),
        ({"values": "cat file"}, "values must be a command, a list of texts"),
    ]
    for changes, reason in wrong:
        fleet.write(**changes)
        (line,) = fleet.run("up", code=2)
        assert line.startswith("error: ")
        assert reason in line
    fleet.file.unlink()
    (line,) = fleet.run("up", code=2)
    assert "fleet.yaml cannot be read: [Errno 2] No such file" in line


def test_interrupted_run_ends_early_and_the_next_one_finishes(fleet: Fleet) -> None:
    """Ctrl-C ends the engine under way in good order: no lock stays."""
    with Emulator(("acme",), token=TOKEN) as fourth, Emulator(("acme",), token=TOKEN) as fifth:
        fleet.servers |= {"us-2": fourth, "us-3": fifth}
        fleet.write()
        with fleet.start("up", "--parallel", "1") as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            os.killpg(process.pid, signal.SIGINT)
            rest = process.communicate(timeout=120)[0]
        assert "keys: 5 added" in first
        assert rest.splitlines()[-1] == "error: stopped; run the same again to finish"
        assert process.returncode == 130
        # The one under way may end, and the next begin, before this process has heard of it.
        assert fleet.values() != fleet.wanted()
        fleet.run("up")
        assert fleet.values() == fleet.wanted()


def simulated(folder: Path, servers: int, secrets: int, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `up` on a simulated fleet."""
    simulation = [sys.executable, str(EXAMPLE / "simulate.py"), "--servers", str(servers), "--secrets", str(secrets)]
    return subprocess.run(
        [*simulation, *options, "--", sys.executable, str(EXAMPLE / "fleet.py"), "up", "simulation/fleet.yaml"],
        cwd=folder,
        env={name: text for name, text in toolchain.environment(folder).items() if name != "PULUMI_BACKEND_URL"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_simulation_is_a_fleet(engine: Path, tmp_path: Path) -> None:
    """The servers of the README's trial: there while the command runs, and with the same content the next time."""
    del engine
    first = simulated(tmp_path, 2, 3, "--down", "1")
    assert first.returncode == 1
    assert first.stdout.splitlines()[-1] == "3 secrets on 2 servers"
    second = simulated(tmp_path, 2, 3)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "keys: 3 added, 0 changed, 0 removed" in second.stdout
    assert second.stdout.splitlines()[-1] == "6 secrets on 2 servers"
    assert second.stderr == ""


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ten_thousand_secrets_on_fifty_servers(engine: Path, tmp_path: Path) -> None:
    """One server is down at first; then all of them get new values."""
    del engine
    first = simulated(tmp_path, 50, 200, "--down", "1")
    assert first.returncode == 1
    assert first.stdout.splitlines()[-1] == "9800 secrets on 50 servers"
    second = simulated(tmp_path, 50, 200, "--change", "b")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "50 servers: 50 done, 0 failed; keys: 200 added, 9800 changed, 0 removed" in second.stdout


def test_sample_file_is_one(engine: Path, tmp_path: Path) -> None:
    """What stands in the folder to be copied can be read: it fails for want of the servers' tokens alone."""
    del engine
    shutil.copy(EXAMPLE / "fleet.yaml", tmp_path)
    done = subprocess.run(
        [sys.executable, EXAMPLE / "fleet.py", "preview", tmp_path / "fleet.yaml"],
        env=toolchain.environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-2:] == [
        "failed eu-1: the environment variable EU_1_TOKEN holds no token",
        "failed us-1: the environment variable US_1_TOKEN holds no token",
    ]
