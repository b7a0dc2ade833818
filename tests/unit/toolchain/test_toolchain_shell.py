"""The shell of `make shell` on a terminal: whatever the user's start-up files do, this Python comes first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain._shell import MARK, started

START_UPS = {
    "bash": (".bashrc", 'export PATH="{theirs}:$PATH" KEPT=yes\nPROMPT_COMMAND="PS1=mine"\n'),
    "zsh": (".zshrc", 'export PATH="{theirs}:$PATH" KEPT=yes\nprecmd() {{ PROMPT=mine }}\n'),
    "fish": (
        ".config/fish/config.fish",
        "set -gx PATH {theirs} $PATH\nset -gx KEPT yes\nfunction fish_prompt; echo -n mine; end\n",
    ),
    "dash": (".shrc", 'export PATH="{theirs}:$PATH" KEPT=yes\nPS1=mine\n'),
}


@pytest.mark.parametrize("shell", START_UPS)
def test_shell_finds_this_python_first_and_says_where_one_is(tmp_path: Path, shell: str) -> None:
    """Behind pyenv or conda, and a prompt that is made anew each time; what else the files set is kept."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} on this machine")
    home, ours, theirs = (tmp_path / name for name in ("home", "our s", "theirs"))
    name, text = START_UPS[shell]
    (home / name).parent.mkdir(parents=True)
    (home / name).write_text(text.format(theirs=theirs), "utf-8")
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "python").write_text("#!/bin/sh\n", "utf-8")
        (folder / "python").chmod(0o755)
    environ = {"SHELL": program, "HOME": str(home), "PATH": f"{ours}:{os.environ['PATH']}", "TERM": "dumb"}
    command, env = started(tmp_path / "demo", {**environ, "ENV": str(home / ".shrc")}, str(ours))
    shown = on_terminal(command, env, "command -v python\necho $KEPT.\nexit\n")
    assert f"{ours}/python" in shown
    assert f"{theirs}/python" not in shown
    assert "yes." in shown
    assert "(influx-secrets) mine" in shown
    assert "(influx-secrets) (influx-secrets)" not in shown
    assert env[MARK] == str(ours)


def on_terminal(command: list[str], environ: dict[str, str], typed: str) -> str:
    """Run a program on a terminal that controls it, type the text; return what is shown."""
    spawn = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])"]
    done = subprocess.run(
        [*spawn, *command], env=environ, input=typed.encode(), capture_output=True, timeout=60, check=True
    )
    return done.stdout.decode(errors="replace")
