"""Installs this package with extras into the environment of the Python that runs this file.

It is run as a file, in an environment that has nothing yet: it imports the standard library alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def main(extras: str) -> int:
    """Install the package, editable, with extras such as `cli,test`; return the exit code.

    Installing uv and then the rest with it takes a quarter of the time that pip takes, so uv is tried first.
    """
    target = ("--editable", f"{_ROOT}[{extras}]")
    uv = _uv()
    if uv and _run(uv, "pip", "install", "--quiet", "--python", sys.executable, *target, shows=False):
        return 0
    # Compiling everything takes a third of pip's time, and most modules are never imported.
    return 0 if _run(*_PIP, "install", "--no-compile", *target) else 1


def _uv() -> str | None:
    """Return uv, installed beside this Python if it is not on PATH; `None` if it cannot be had or must not be used."""
    if _has_own_index():
        return None
    beside = str(Path(sys.executable).parent)
    found = shutil.which("uv", path=f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if found is None:
        pin = re.search(r'"(uv==[\d.]+)"', (_ROOT / "pyproject.toml").read_text("utf-8"))
        # Never from source, for which Rust is needed.
        if pin and _run(*_PIP, "install", "--only-binary=:all:", "--no-compile", pin[1], shows=False):
            found = shutil.which("uv", path=beside)
    return found


def _has_own_index() -> bool:
    """Return whether pip is configured to ask another index than PyPI: uv does not read pip's configuration."""
    done = subprocess.run([*_PIP, "config", "list"], capture_output=True, text=True, check=False)
    return re.search(r"\b(index-url|extra-index-url|no-index)=", done.stdout) is not None


def _run(*command: str, shows: bool = True) -> bool:
    """Run a command; return whether it succeeded."""
    output = None if shows else subprocess.DEVNULL
    return subprocess.run(command, stdout=output, stderr=output, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
