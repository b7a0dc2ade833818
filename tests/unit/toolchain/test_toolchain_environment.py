"""The environment for local Pulumi runs: our programs first, state on disk, a passphrase of its own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from fake_programs import Machine

from toolchain import ToolchainError, environment


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a Pulumi CLI."""
    machine = Machine(tmp_path)
    machine.add_versioned("pulumi", "v3.259.0")
    machine.add("pulumi-language-python", "")
    return machine


def test_environment_puts_this_python_and_pulumi_first(machine: Machine, tmp_path: Path) -> None:
    """The Python that has the package comes before any other, then the CLI with its language host."""
    env = environment(tmp_path / "state", environ=machine.environ)
    first, second, *_ = env["PATH"].split(os.pathsep)
    assert (first, second) == (str(Path(sys.executable).parent), str(machine.bin))


def test_environment_keeps_everything_in_the_folder(machine: Machine, tmp_path: Path) -> None:
    """State, settings and passphrase are local: no account, nothing in the home folder."""
    folder = tmp_path / "with a blank"
    env = environment(folder, environ=machine.environ)
    assert env["PULUMI_BACKEND_URL"] == f"file://{folder}/state"
    assert env["PULUMI_HOME"] == f"{folder}/home"
    assert env["PULUMI_CONFIG_PASSPHRASE_FILE"] == f"{folder}/passphrase"
    assert sorted(file.name for file in folder.iterdir()) == ["home", "passphrase", "state"]


def test_environment_makes_one_passphrase_for_its_owner_alone(machine: Machine, tmp_path: Path) -> None:
    """The passphrase is random, readable by nobody else, and stays: another one could not read the state."""
    file = Path(environment(tmp_path / "a", environ=machine.environ)["PULUMI_CONFIG_PASSPHRASE_FILE"])
    passphrase = file.read_text()
    environment(tmp_path / "a", environ=machine.environ)
    other = Path(environment(tmp_path / "b", environ=machine.environ)["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(passphrase) >= 32
    assert file.read_text() == passphrase
    assert other.read_text() != passphrase


def test_environment_drops_what_leads_elsewhere(machine: Machine, tmp_path: Path) -> None:
    """Variables of the user's other Pulumi work do not steer this run; everything else stays."""
    theirs = {"PULUMI_ACCESS_TOKEN": "x", "PULUMI_STACK": "prod", "PULUMI_CONFIG_PASSPHRASE": "x", "EDITOR": "vi"}
    env = environment(tmp_path / "state", environ={**machine.environ, **theirs})
    assert env.keys() & theirs.keys() == {"EDITOR"}


def test_environment_without_pulumi_says_what_to_run(tmp_path: Path) -> None:
    """Nothing is built here; the message names the command that does."""
    with pytest.raises(ToolchainError, match="there is no Pulumi CLI yet; run: make tools"):
        environment(tmp_path / "state", environ=Machine(tmp_path).environ)


def test_command_env_prints_exports_for_a_shell(machine: Machine, tmp_path: Path) -> None:
    """A shell can read what is printed, blanks in paths included."""
    code, output, _ = machine.run("env", "--folder", str(tmp_path / "with a blank"))
    told = subprocess.run(
        ["/bin/sh", "-c", f'{output}\necho "$PULUMI_HOME"'], capture_output=True, text=True, check=True
    )
    assert code == 0
    assert told.stdout == f"{tmp_path}/with a blank/home\n"
