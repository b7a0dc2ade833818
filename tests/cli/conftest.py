"""Fixtures of the commands: each runs in a folder of its own, with the environment of a server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Command
from programs import needed
from servers import InfluxdServer, SecretsServer


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Pulumi program around, and no proxy of the developer's."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NO_COLOR",
        "NO_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def command(server: SecretsServer, org: str) -> Command:
    """The command line on the emulator, then on influxd, with a new org."""
    return Command({**server.environment, "INFLUX_ORG": org})


@pytest.fixture
def real(influxd: InfluxdServer, acme: str) -> Command:
    """The command line on influxd, with a new org."""
    return Command({**influxd.environment, "INFLUX_ORG": acme})


@pytest.fixture
def lone() -> Command:
    """The command line with a token, and the server that a test names."""
    return Command({"INFLUX_TOKEN": "planted-token-of-nobody", "INFLUX_ORG": "acme"})


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The Pulumi CLI in a new project without a stack."""
    program = needed("pulumi")
    (tmp_path / "Pulumi.yaml").write_text("name: fresh\nruntime: python\n")
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "planted-passphrase")

    def run(*arguments: str) -> None:
        subprocess.run([program, *arguments, "--non-interactive"], check=True, capture_output=True)
        # To read a config takes no passphrase.
        if arguments[0] == "config":
            monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)

    return run
