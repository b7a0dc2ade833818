"""The command `doctor` looks at Pulumi: the CLI, the Python that it runs, its backend, passphrase and stack."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Command, line

from influx_secrets.cli.doctor.program_python import NoPythonError, find_python

BINARY = "bin/python"


def found(command: Command, **environ: str) -> dict[str, str]:
    """The lines about Pulumi; the settings cannot work, so that nothing is asked of a server."""
    settings = {"PULUMI_PYTHON_CMD": sys.executable, "INFLUX_HOST": "nowhere"}
    rows = command("doctor", environ={**settings, **environ}).rows
    before = [row for row in rows if len(row) == 3]
    lines = before[: next(at for at, row in enumerate(before) if row[1] in {"url", "settings"})]
    return {check: f"{verdict} {text}" for verdict, check, text in lines}


def a_program(binary: Path, text: str) -> None:
    """Write a program of one line of shell."""
    binary.parent.mkdir(parents=True, exist_ok=True)
    binary.write_text(f"#!/bin/sh\n{text}\n")
    binary.chmod(0o755)


@pytest.mark.engine
def test_doctor_shows_what_runs_the_program(
    lone: Command, pulumi: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First without a stack, then with one, which a config pins to a server; of a passphrase only its source."""
    lone.planted.add("planted-passphrase")
    seen = found(lone)
    assert list(seen) == ["python", "sdk", "package", "pulumi", "backend", "stack", "passphrase"]
    assert seen["python"] == f"ok Pulumi runs {sys.executable}, {sys.version.split()[0]}"
    assert seen["sdk"].startswith("ok the Pulumi SDK 3.")
    assert seen["package"].startswith("ok influx_secrets 0.")
    assert seen["pulumi"].startswith("ok the Pulumi CLI v3.")
    assert seen["backend"] == f"ok file://{tmp_path}"
    assert seen["stack"].startswith("note `pulumi stack` failed: no stack selected")
    assert seen["passphrase"] == 'unknown not checked before "stack" is ok'

    pulumi("stack", "init", "dev")
    seen = found(lone)
    assert seen["stack"].startswith("note dev pins no server: ")
    assert seen["stack"].endswith("run `pulumi config set influx-secrets:url URL`")
    assert seen["passphrase"] == "ok is set, from PULUMI_CONFIG_PASSPHRASE; not tried"

    lone.planted.add("planted-config-token")
    pulumi("config", "set", "--secret", "influx-secrets:token", "planted-config-token")
    assert "secrets of the config" not in found(lone)
    pulumi("config", "set", "--plaintext", "influx-secrets:token", "planted-config-token")
    assert found(lone)["secrets of the config"] == (
        "wrong the setting influx-secrets:token is not encrypted in the stack's config; run `pulumi config set "
        "--secret influx-secrets:token`; if others have seen it, use a new value"
    )

    pulumi("config", "set", "influx-secrets:url", "http://127.0.0.1:9")
    seen = found(lone)
    assert seen["stack"] == "ok dev; its config pins the server"
    assert seen["passphrase"].startswith("note not set: Pulumi asks for it on a terminal, and fails without one")
    missing = found(lone, PULUMI_CONFIG_PASSPHRASE_FILE=str(tmp_path / "none"))["passphrase"]
    assert missing == "wrong PULUMI_CONFIG_PASSPHRASE_FILE names no file; correct the path"

    monkeypatch.chdir(tmp_path.parent)
    assert line(lone("doctor", environ={"INFLUX_HOST": "nowhere"}), "program").startswith("note program")
    assert line(lone("doctor", "--cwd", str(tmp_path)), "stack") == "ok stack dev; its config pins the server"


@pytest.mark.engine
def test_doctor_backend_that_nobody_is_logged_in_to(lone: Command, pulumi: Callable[..., None], tmp_path: Path) -> None:
    """A first day has no login; the password in the url of a database is not repeated."""
    del pulumi
    gone = found(lone, PULUMI_BACKEND_URL="", PULUMI_ACCESS_TOKEN="")["backend"]
    assert gone.startswith("wrong `pulumi whoami` failed: ")
    assert gone.endswith("run `pulumi login`, or set PULUMI_BACKEND_URL")
    lone.planted.add("planted-backend-password")
    database = found(lone, PULUMI_BACKEND_URL="postgres://me:planted-backend-password@127.0.0.1:9/db")["backend"]
    assert database.startswith("wrong `pulumi whoami` failed: ")
    assert found(lone, PULUMI_BACKEND_URL=f"file://{tmp_path}")["backend"].startswith("ok ")


def test_doctor_without_or_with_an_old_pulumi(lone: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both say what to install."""
    (tmp_path / "Pulumi.yaml").write_text("name: fresh\nruntime: python\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert found(lone)["pulumi"] == (
        "wrong the command pulumi is not on PATH. Install the Pulumi CLI (https://www.pulumi.com/docs/install/), or "
        "add its folder to PATH (IS706)"
    )
    a_program(tmp_path / "bin" / "pulumi", '[ "$1" = version ] && echo v3.215.0 || exit 1')
    assert (
        found(lone)["pulumi"]
        == "wrong the Pulumi CLI v3.215.0 is too old; install 3.216 or later: https://www.pulumi.com/docs/install/"
    )


def test_doctor_of_another_program_that_is_called_pulumi(
    lone: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends well, and what it prints is none of the JSON that was asked for: no traceback."""
    (tmp_path / "Pulumi.yaml").write_text("name: fresh\nruntime: python\n")
    a_program(tmp_path / "bin" / "pulumi", "echo hello")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert found(lone)["backend"].startswith("wrong `pulumi whoami` wrote no JSON. Run `pulumi version`: ")


def test_doctor_python_without_the_package(lone: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mistake of a first day: it was installed into another environment than the program's."""
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))
    (tmp_path / "Pulumi.yaml").write_text("name: a\nruntime: {name: python, options: {virtualenv: venv}}\n")
    there = tmp_path / "venv" / BINARY
    nowhere = f"wrong there is no virtual environment in {tmp_path / 'venv'}. "
    remedy = "Run `pulumi install`, or correct runtime.options in Pulumi.yaml (IS707)"
    assert found(lone)["python"] == nowhere + remedy
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    seen = found(lone)
    assert seen["python"].startswith(f"ok Pulumi runs {there}, 3.")
    problem = "wrong that Python cannot import pulumi: No module named 'pulumi'"
    assert seen["sdk"] == f"{problem}; install it there: `{there} -m pip install 'pulumi>=3.216'`"
    assert seen["package"].startswith("wrong that Python cannot import influx_secrets: No module named")


def test_doctor_program_in_another_language(lone: Command, tmp_path: Path) -> None:
    """Dynamic resources of Python are for Python."""
    (tmp_path / "Pulumi.yaml").write_text("name: a\nruntime: nodejs\n")
    assert found(lone)["python"].startswith("wrong the program is not in Python: runtime is nodejs")


def test_python_of_each_toolchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the option of the project file, else by the lock file that stands above the program."""
    program = tmp_path / "infra"
    for venv in (".venv", "other", "poetry", "infra/.venv"):
        a_program(tmp_path / venv / BINARY, "")
    a_program(tmp_path / "tools" / "poetry", f"echo {tmp_path}/poetry")
    monkeypatch.setenv("PATH", str(tmp_path / "tools"), prepend=os.pathsep)

    def python(options: dict[str, str], environ: dict[str, str] | None = None) -> str:
        path = Path(find_python(tmp_path, program, options, environ or {}))
        return str(path.relative_to(tmp_path))

    assert python({"virtualenv": "other"}) == f"other/{BINARY}"
    assert python({"toolchain": "uv"}) == f"infra/.venv/{BINARY}"
    assert python({"toolchain": "uv", "virtualenv": "other"}) == f"other/{BINARY}"
    assert python({"toolchain": "poetry"}) == f"poetry/{BINARY}"
    (tmp_path / "poetry.lock").touch()
    assert python({}) == f"poetry/{BINARY}"
    (tmp_path / "uv.lock").touch()
    assert python({}) == f".venv/{BINARY}"
    assert python({}, {"UV_PROJECT_ENVIRONMENT": "other"}) == f"other/{BINARY}"
    a_program(tmp_path / "tools" / "poetry", "exit 1")
    with pytest.raises(NoPythonError, match="poetry does not run: no reason given"):
        python({"toolchain": "poetry"})
    a_program(tmp_path / "tools" / "poetry", "echo one >&2; echo the reason >&2; exit 1")
    with pytest.raises(NoPythonError, match="poetry does not run: the reason"):
        python({"toolchain": "poetry"})
    a_program(tmp_path / "tools" / "poetry", "exec sleep 60")
    monkeypatch.setattr("influx_secrets.cli.doctor.program_python._SECONDS", 0.3)
    with pytest.raises(NoPythonError, match=r"poetry did not end within 0\.3 s\. Run"):
        python({"toolchain": "poetry"})
    (tmp_path / "tools" / "poetry").unlink()
    with pytest.raises(NoPythonError, match="poetry does not run: No such file or directory"):
        python({"toolchain": "poetry"})
    with pytest.raises(NoPythonError, match="there is no nothing on PATH"):
        python({"toolchain": "pip"}, {"PULUMI_PYTHON_CMD": "nothing"})
