"""The sample stack through the commands of the Makefile: a copy of it, the emulator, the real engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from programs import needed

_ROOT = Path(__file__).resolve().parent.parent.parent
_KEYS = [
    "acme         BILLING_API_KEY",
    "acme         PAGERDUTY_KEY",
    "acme         SLACK_TOKEN",
    "acme         SMTP_PASSWORD",
    "acme-labs    PAGERDUTY_KEY",
    "acme-labs    SLACK_TOKEN",
    "acme-labs    SMTP_PASSWORD",
]
_PLANTED = "planted-4f1d2c9e"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the sample and its commands, whose `.demo` is nobody's."""
    needed("pulumi")
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copyfile(_ROOT / name, tmp_path / name)
    shutil.copytree(_ROOT / "toolchain", tmp_path / "toolchain", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _sample(checkout: Path, verb: str, typed: str = "", **environ: str) -> tuple[int, str]:
    """Run a verb in the checkout; its exit code and all that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "toolchain.sample", verb],
        cwd=checkout,
        env={**os.environ, "SHELL": "/bin/sh", **environ},
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_sample_from_up_to_down(checkout: Path) -> None:
    """It is applied, applied again without a request, changed by one value, and taken back without a trace."""
    code, first = _sample(checkout, "up")
    assert (code, [line for line in _KEYS if f"  {line}\n" not in first]) == (0, []), first
    assert "+ 5 created" in first

    code, second = _sample(checkout, "up")
    assert (code, "5 unchanged" in second) == (0, True), second
    assert "nothing changed, so no request was sent to the server" in second

    change = f"printf %s {_PLANTED} | pulumi config set --secret billingApiKey\npulumi preview\npulumi up --yes\n"
    code, third = _sample(checkout, "shell", change)
    assert (code, "~ 1 to update" in third, "~ 1 updated" in third) == (0, True, True), third
    assert "~ billing: 1 => 2" in third

    code, fourth = _sample(checkout, "down")
    assert (code, "and so is the stack" in fourth) == (0, True), fourth
    code, fifth = _sample(checkout, "down")
    assert (code, fifth) == (0, "there is no stack demo: nothing to remove\n")

    assert not (checkout / "Pulumi.demo.yaml").exists()
    assert _PLANTED not in first + second + third + fourth
    files = [file for file in (checkout / ".demo").rglob("*") if file.is_file()]
    assert [file for file in files if _PLANTED.encode() in file.read_bytes()] == []

    # In the shell of `make shell` it would start a second server.
    code, output = _sample(checkout, "up", INFLUX_SECRETS_SHELL="1")
    assert code == 1
    assert output.startswith("error: this is the shell of make shell: type pulumi up")
