"""The command `python -m influx_secrets.emulator`, run as users and scripts run it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from emulator_command import COMMAND, Started
from servers import free_port


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, still empty of half-written files in the end."""
    yield tmp_path
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_serves_until_a_signal_and_ends_cleanly(folder: Path, number: signal.Signals) -> None:
    """Either signal ends it with 0, nothing on stderr, and the ready file removed."""
    started = Started(folder, "--port", "0", "--org", "acme", "--org", "beta")
    assert set(started.ready["orgs"]) == {"acme", "beta"}
    assert started.ready["pid"] == started.process.pid
    assert stat.S_IMODE(started.ready_file.stat().st_mode) == 0o600
    assert started.get(f"/api/v2/orgs/{started.ready['orgs']['beta']}/secrets").status_code == 200
    code, out, err = started.end(number)
    assert (code, err) == (0, "")
    assert f"export INFLUX_HOST={started.ready['url']}\n" in out
    assert f"export INFLUX_TOKEN={started.ready['token']}\n" in out
    assert not started.ready_file.exists()


def test_command_with_a_file_keeps_the_state_and_prints_no_token(folder: Path) -> None:
    """The token is in the file; a second start has the same one, the same orgs and secrets."""
    file = folder / "state.json"
    first = Started(folder, "--port", "0", "--file", str(file))
    path = f"/api/v2/orgs/{first.ready['orgs']['acme']}/secrets"
    headers = {"Authorization": f"Token {first.ready['token']}"}
    requests.patch(first.ready["url"] + path, json={"k": "planted-value"}, headers=headers, timeout=5)
    _, out, err = first.end()
    assert first.ready["token"] not in out + err
    assert str(file) in out
    second = Started(folder, "--port", "0", "--file", str(file))
    assert second.ready["token"] == first.ready["token"]
    assert second.get(path).json()["secrets"] == ["k"]
    _, out, err = second.end()
    assert "planted-value" not in out + err


def test_command_takes_the_token_of_the_environment_and_does_not_print_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INFLUX_TOKEN is the way to give a token that no other user sees."""
    monkeypatch.setenv("INFLUX_TOKEN", "mine-from-the-environment")
    started = Started(folder, "--port", "0")
    assert started.ready["token"] == "mine-from-the-environment"
    _, out, err = started.end()
    assert "mine-from-the-environment" not in out + err


def test_command_on_a_port_in_use_says_so_in_one_line(folder: Path) -> None:
    """The address is named, and what to do."""
    started = Started(folder, "--port", str(free_port()))
    port = started.ready["url"].rpartition(":")[2]
    second = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=30, check=False)
    started.end()
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert second.stderr.startswith("error: ")
    assert port in second.stderr


@pytest.mark.parametrize("version", ["2.10", "3.0.0", "2.9.1\n"])
def test_command_with_a_wrong_version_says_so_in_one_line(version: str) -> None:
    """InfluxDB OSS v2 with three numbers, and nothing else."""
    command = [*COMMAND, "--port", "0", "--influxd-version", version]
    failed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert failed.returncode == 1
    assert failed.stderr == f"error: no version of InfluxDB OSS v2: {version!r}. Use one such as 2.9.1\n"


def test_command_is_the_version_that_is_asked_for(folder: Path) -> None:
    """As the server itself says."""
    started = Started(folder, "--port", "0", "--influxd-version", "2.10.0")
    assert requests.get(f"{started.ready['url']}/health", timeout=5).json()["version"] == "v2.10.0"
    started.end()


def test_command_with_a_wrong_file_says_so_in_one_line(tmp_path: Path) -> None:
    """No traceback, and the file is named."""
    file = tmp_path / "notes.txt"
    file.write_text("not a state", "utf-8")
    failed = subprocess.run([*COMMAND, "--file", str(file)], capture_output=True, text=True, timeout=30, check=False)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"error: {file} does not hold the state of an emulator")
    assert failed.stderr.count("\n") == 1


def test_command_for_other_machines_warns(folder: Path) -> None:
    """Only with --host does it listen beyond this machine, and it says what that means."""
    started = Started(folder, "--host", "0.0.0.0", "--port", "0")  # noqa: S104 (the warning is the subject)
    _, _, err = started.end()
    assert err == "warning: 0.0.0.0 is open to other machines, without encryption\n"


def test_command_help_warns_of_tokens_in_the_arguments() -> None:
    """A token among the arguments can be seen by other users of the machine."""
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, timeout=30, check=True)
    text = " ".join(shown.stdout.split())
    assert "other users of the machine can see the arguments" in text
    assert "values in clear text" in text


def test_command_without_aiohttp_says_what_to_install(tmp_path: Path) -> None:
    """Without the extra: one line with the command that installs it."""
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError(\"No module named 'aiohttp'\", name='aiohttp')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    failed = subprocess.run(
        [*COMMAND, "--port", "0"], capture_output=True, text=True, timeout=30, env=environment, check=False
    )
    assert failed.returncode == 1
    assert failed.stderr == "error: the emulator needs aiohttp: pip install 'influx_secrets[emulator]'\n"


def test_command_lets_requests_go_wrong_as_told(folder: Path) -> None:
    """Each --fault is one, in their order."""
    started = Started(folder, "--port", "0", "--fault", "status=503 retry-after=4", "--fault", "page=502 nth=2")
    answers = [started.get("/api/v2/orgs") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 502, 200]
    assert answers[0].headers["Retry-After"] == "4"
    started.end()


def test_command_with_a_wrong_fault_says_what_there_is() -> None:
    """In one line, below the usage."""
    failed = subprocess.run([*COMMAND, "--fault", "explode"], capture_output=True, text=True, timeout=30, check=False)
    assert failed.returncode == 2
    assert "begins with 'explode', not with one of status" in failed.stderr.splitlines()[-1]
