"""What people meet first, in Pulumi's own words: the page of messages has each, as the CLI of today says it."""

from __future__ import annotations

import os
import re
import subprocess
import venv
from pathlib import Path

from engine.stack import STACK, NewStack

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8")
PROGRAM = 'influx.Secret("a", org_id="0123456789abcdef", key="A", value=config.require_secret("slack"))'


def test_page_has_what_the_cli_says_of_first_mistakes(new_stack: NewStack, tmp_path: Path) -> None:
    """Each preview, as it is typed, fails with these words, and they stand in one line of the page."""
    # No server is there, for no mistake of these comes so far.
    stack = new_stack({"INFLUX_HOST": "http://127.0.0.1:9", "INFLUX_TOKEN": "t"})
    stack.pulumi("stack", "select", "--stack", STACK)  # for commands as they are typed
    stack.set_secret("slack", "a-token")
    stack.program(PROGRAM)

    def preview_says(*words: str, but: tuple[str, ...] = (), options: tuple[str, ...] = (), **environ: str) -> None:
        done = subprocess.run(
            ["pulumi", "preview", *options, "--non-interactive", "--color", "never"],
            cwd=stack.project,
            env={name: value for name, value in {**stack.environment, **environ}.items() if name not in but},
            capture_output=True,
            text=True,
            check=False,
        )
        pattern = r".*".join(map(re.escape, words))
        assert done.returncode
        assert re.search(pattern, done.stdout + done.stderr), done.stdout + done.stderr
        assert re.search(rf"^\|.*{pattern}", PAGE, re.MULTILINE)

    # The nightly alarm; here, what is declared was never applied.
    preview_says("no changes were expected", "but changes were proposed", options=("--expect-no-changes",))
    no_file = ("PULUMI_CONFIG_PASSPHRASE_FILE",)
    preview_says("passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE", but=no_file)
    preview_says("incorrect passphrase", but=no_file, PULUMI_CONFIG_PASSPHRASE="forgotten")
    # Nobody has logged in, and nobody is there to be asked.
    no_backend = ("PULUMI_BACKEND_URL",)
    preview_says("PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", but=no_backend)
    # The Python that is first on PATH runs the program: here, of a virtual environment that holds nothing.
    venv.create(tmp_path / "bare", with_pip=True, symlinks=True)
    path = f"{tmp_path / 'bare' / 'bin'}{os.pathsep}{stack.environment['PATH']}"
    preview_says("No module named 'pulumi'", PATH=path)
    # A misspelt name in the config.
    stack.pulumi("config", "rm", "slack")
    stack.set_secret("slak", "a-token")
    preview_says("Missing required configuration variable '")
    # As in a fresh checkout of a project.
    unselect = ["pulumi", "stack", "unselect"]
    subprocess.run(unselect, cwd=stack.project, env=stack.environment, capture_output=True, check=True)
    preview_says("no stack selected")
