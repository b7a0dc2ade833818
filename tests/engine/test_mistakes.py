"""What people meet first, in Pulumi's own words: the page of messages has each, as the CLI of today says it."""

from __future__ import annotations

import os
import re
import subprocess
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.stack import NewStack, Stack

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8")
PROGRAM = 'influx.Secret("a", org_id="0123456789abcdef", key="A", value=config.require_secret("slack"))'


@pytest.fixture
def alone(new_stack: NewStack) -> Stack:
    """A stack whose server is not there, for no mistake of these comes so far; its preview works."""
    stack = new_stack({"INFLUX_HOST": "http://127.0.0.1:9", "INFLUX_TOKEN": "t"})
    stack.set_secret("slack", "a-token")
    stack.program(PROGRAM).preview()
    return stack


def preview_says(
    stack: Stack, *words: str, options: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> None:
    """A preview, as it is typed, fails with these words, and they stand in one line of the page."""
    done = subprocess.run(
        ["pulumi", "preview", *options, "--non-interactive", "--color", "never"],
        cwd=stack.project,
        env={**stack.environment, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    pattern = r".*".join(map(re.escape, words))
    assert done.returncode
    assert re.search(pattern, done.stdout + done.stderr), done.stdout + done.stderr
    assert re.search(rf"^\|.*{pattern}", PAGE, re.MULTILINE)


def test_value_that_the_config_lacks_is_named(alone: Stack) -> None:
    """Here its name was misspelt."""
    alone.pulumi("config", "rm", "slack")
    alone.set_secret("slak", "a-token")
    preview_says(alone, "Missing required configuration variable '")


def test_passphrase_is_wrong_or_not_there(alone: Stack) -> None:
    """The same two variables, and two lines."""
    del alone.environment["PULUMI_CONFIG_PASSPHRASE_FILE"]
    preview_says(alone, "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE")
    alone.environment["PULUMI_CONFIG_PASSPHRASE"] = "forgotten"
    preview_says(alone, "incorrect passphrase")


def test_backend_is_not_named(alone: Stack) -> None:
    """Nobody has logged in, and nobody is there to be asked."""
    del alone.environment["PULUMI_BACKEND_URL"]
    preview_says(alone, "PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions")


def test_stack_is_not_selected(alone: Stack) -> None:
    """As in a fresh checkout of a project."""
    unselect = ["pulumi", "stack", "unselect"]
    subprocess.run(unselect, cwd=alone.project, env=alone.environment, capture_output=True, check=True)
    preview_says(alone, "no stack selected")


def test_python_lacks_the_package(alone: Stack, tmp_path: Path) -> None:
    """The one that is first on PATH runs the program: here, of a virtual environment that holds nothing."""
    venv.create(tmp_path / "bare", with_pip=True, symlinks=True)
    path = f"{tmp_path / 'bare' / 'bin'}{os.pathsep}{alone.environment['PATH']}"
    preview_says(alone, "No module named 'pulumi'", environ={"PATH": path})


def test_drift_is_not_expected(alone: Stack) -> None:
    """The nightly alarm; here, what is declared was never applied."""
    preview_says(alone, "no changes were expected", "but changes were proposed", options=["--expect-no-changes"])
