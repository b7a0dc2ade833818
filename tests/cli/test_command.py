"""The command `influx-secrets` as a whole: its version, its help, and what it says where something is missing."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from cli.previews import document, shared, step
from command_line import COMMAND, settings_environ

REMOVES = document(step("update", shared(versions={"A": 1, "B": 1}), shared(versions={"B": 2})))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


def test_version_is_that_of_the_package() -> None:
    """What a bug report needs."""
    assert run("--version").stdout == f"influx_secrets {metadata.version('influx_secrets')}\n"


def test_module_is_the_command_too() -> None:
    """Where scripts are not on PATH."""
    done = subprocess.run([sys.executable, "-m", "influx_secrets.cli", "--version"], capture_output=True, check=True)
    assert done.stdout == run("--version").stdout.encode()


def test_missing_extra_is_named_in_one_line() -> None:
    """A plain install has no Typer: the way out is said, without a traceback."""
    code = "import sys; sys.modules['typer'] = None; from influx_secrets.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "error: cannot start influx-secrets: the package typer is missing. In the same environment, run "
        "`python -m pip install 'influx_secrets[cli]'` (IS717)\n"
    )


def test_interrupted_start_is_quiet_too() -> None:
    """Python takes a moment to load; Ctrl-C then is no traceback either."""
    code = """
import sys

class Interrupting:
    def find_spec(self, name, *rest):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from influx_secrets.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    "arguments", ["--help", "--version", "list", "usage", "adopt", "doctor", "review - --usage", "emulator --help"]
)
def test_no_command_imports_pulumi(arguments: str, tmp_path: Path) -> None:
    """Its SDK takes longer than most answers; what a stack manages is asked of the CLI."""
    program = f"""
import sys
from influx_secrets.cli import main
sys.argv[1:] = {arguments.split()!r}
try:
    main()
finally:
    print(*sys.modules, file=open("modules", "w"))
"""
    environ = {"INFLUX_HOST": "http://127.0.0.1:1", "INFLUX_TOKEN": "planted-token", "INFLUX_ORG": "acme"}
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**settings_environ(), **environ},
        input=REMOVES,
        capture_output=True,
        check=False,
    )
    imported = set((tmp_path / "modules").read_text("utf-8").split())
    assert "typer" in imported
    assert not {"pulumi", "grpc", "google.protobuf"} & imported
