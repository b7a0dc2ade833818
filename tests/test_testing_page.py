"""The page on testing holds tests: each of them passes as it stands there."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import requests
from emulator_command import Started
from markdown_it import MarkdownIt
from programs import needed

PAGE = Path(__file__).parent.parent / "docs" / "testing.md"


def test_every_example_of_the_page_passes(tmp_path: Path) -> None:
    """Each block is a file of its own, in one run of pytest that has only the plugin."""
    tokens = MarkdownIt().parse(PAGE.read_text("utf-8"))
    blocks = [token.content for token in tokens if token.type == "fence" and token.info == "python"]
    for number, block in enumerate(blocks):
        (tmp_path / f"test_{number}.py").write_text(block, "utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            os.devnull,
            "--rootdir=.",
            "-p",
            "no:cacheprovider",
            "-W",
            "error",
        ],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{needed('pulumi').parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "9 passed" in done.stdout, done.stdout
    assert len(blocks) == 7


def test_command_of_the_page_starts_an_emulator_with_those_faults(tmp_path: Path) -> None:
    """As it stands there, but for the port; and it prints what the page says."""
    (command,) = [token.content for token in MarkdownIt().parse(PAGE.read_text("utf-8")) if token.info == "console"]
    prompt, program, *arguments = shlex.split(command)
    assert (prompt, program) == ("$", "python")
    started = Started(tmp_path, *arguments, "--port", "0", command=[sys.executable])
    path = f"{started.ready['url']}/api/v2/orgs/{started.ready['orgs']['acme']}/secrets"
    headers = {"Authorization": f"Token {started.ready['token']}"}
    answers = [requests.patch(path, json={"A": "1"}, headers=headers, timeout=5) for _ in range(3)]
    assert [(answer.status_code, answer.headers.get("Retry-After")) for answer in answers] == [
        (503, "1"),
        (503, "1"),
        (204, None),
    ]
    _, printed, _ = started.end()
    for name in ("INFLUX_HOST", "INFLUX_TOKEN"):
        assert f"export {name}=" in printed


def test_page_names_every_fixture_and_effect() -> None:
    """What is added is documented."""
    import pytest_influx_secrets  # noqa: PLC0415  # see addopts in pyproject.toml
    from influx_secrets.emulator import faults as _faults  # noqa: PLC0415 (what is looked at)

    text = PAGE.read_text("utf-8")
    for fixture in pytest_influx_secrets.__all__:
        assert f"| `{fixture}` |" in text
    for effect in (_faults.Status, _faults.Page, _faults.Reset, _faults.Delay, _faults.Cut, _faults.Drip):
        assert f"| `{effect.__name__}(" in text
