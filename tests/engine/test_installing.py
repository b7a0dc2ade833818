"""The commands with which users install the package, as the documents and the CI files have them, from an index."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from engine.console import blocks

from toolchain.wheel import build

ROOT = Path(__file__).parents[2]
REPOSITORY = "git+https://git.example.com/influx_secrets.git@v0.1.0"
RELEASE = "https://git.example.com/releases/v0.1.0/"


def of_the_pages() -> set[str]:
    """Return each line of README and documents that installs the package."""
    pages = (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    found = [block.text.strip() for page in pages for block in blocks(page.read_text("utf-8"))]
    return {text for text in found if text.startswith("pip install")}


def of_ci() -> Iterator[str]:
    """Return what each CI file installs from an index; the Pulumi CLI comes from its vendor, and is there."""
    for file in sorted((ROOT / "examples" / "ci" / "github").glob("*.yml")):
        (job,) = yaml.safe_load(file.read_text("utf-8"))["jobs"].values()
        yield from (line for step in job["steps"] for line in step.get("run", "").splitlines() if "pip" in line)
    template = yaml.safe_load((ROOT / "examples" / "ci" / "gitlab" / "gitlab-ci.yml").read_text("utf-8"))[".pulumi"]
    yield from (line for line in template["before_script"] if line.startswith("pip"))


def at_hand(command: str, folder: Path) -> str:
    """Return a command that installs from this checkout, or from a wheel of it, instead of from a server."""
    if RELEASE in command:
        # The name of the file stays: pip would refuse another one than that of the wheel.
        command = command.replace(RELEASE, f"{build(folder).parent.as_uri()}/")
    return command.replace(REPOSITORY, ROOT.as_uri())


@pytest.mark.parametrize("command", sorted({*of_the_pages(), *of_ci()}))
def test_installed_command_runs(command: str, tmp_path: Path) -> None:
    """In an environment that has nothing; the requirements are those that the page on CI asks for."""
    command = at_hand(command, tmp_path / "dist")
    (tmp_path / "requirements.txt").write_text(f"influx_secrets[cli] @ {ROOT.as_uri()}\n", "utf-8")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    path = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", f"{command}\ninflux-secrets --help\ninflux-secrets review --help"],
        cwd=tmp_path,
        env={**kept, "PATH": path, "PIP_NO_COMPILE": "1"},  # compiling takes as long as the rest, and tells nothing
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "influx-secrets review" in done.stdout


def test_documents_have_two_ways_to_install_it() -> None:
    """A tag and a wheel, each in one form: a reader has nothing to replace but the host."""
    assert of_the_pages() == {
        f"pip install 'influx_secrets[cli] @ {REPOSITORY}'",
        f"pip install 'influx_secrets[cli] @ {RELEASE}influx_secrets-0.1.0-py3-none-any.whl'",
    }
