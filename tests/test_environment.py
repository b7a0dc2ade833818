"""The virtual environment that the first verb makes: the run-time packages alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_PACKAGES = 45
MOST_MEGABYTES = 150


@pytest.mark.parametrize(
    ("index", "installer"), [({}, "uv"), ({"PIP_EXTRA_INDEX_URL": "file:///nowhere/simple"}, "pip")], ids=["uv", "pip"]
)
def test_environment_of_make_up_is_small(tmp_path: Path, index: dict[str, str], installer: str) -> None:
    """What a newcomer waits for, by uv and, where pip has an index of its own, by pip; uv is not among it."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    command: list[str | Path] = [python, ROOT / "toolchain" / "install.py", "emulator"]
    subprocess.run(command, env={**os.environ, **index}, check=True)
    (file,) = tmp_path.glob("venv/lib/*/site-packages/pulumi-*/INSTALLER")
    assert file.read_text("ascii").strip() == installer
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], capture_output=True, check=True)
    names = {package["name"] for package in json.loads(listed.stdout)}
    assert {"influx_secrets", "pulumi", "aiohttp"} <= names
    assert not names & {"uv", "pytest", "rich"}
    assert len(names) <= MOST_PACKAGES
    megabytes = sum(file.lstat().st_size for file in tmp_path.rglob("*") if file.is_file()) / 1e6
    assert megabytes <= MOST_MEGABYTES
    subprocess.run([python, "-c", "import toolchain.sample"], cwd=ROOT, check=True)
