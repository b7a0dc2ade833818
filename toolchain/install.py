"""Installs this package with extras into the environment of the Python that runs this file.

It is run as a file, in an environment that has nothing yet: it imports the standard library alone.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_BESIDE = Path(sys.executable).parent
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def main(extras: str) -> int:
    """Install the package, editable, with extras such as `cli,test`; return the exit code.

    uv takes a fifth of the processor time of pip, so it is tried first. It is fetched for this alone where it is
    missing: it is larger than the package with all that it needs.
    """
    target = ("--editable", f"{_ROOT}[{extras}]")
    with tempfile.TemporaryDirectory(prefix="influx-secrets-install-") as folder:
        uv = None if _has_own_index() else _find_uv() or _fetch_uv(Path(folder))
        options = ("--quiet", "--compile-bytecode", "--python", sys.executable)
        if uv and _succeeds(uv, "pip", "install", *options, *target):
            return 0
    return subprocess.run([*_PIP, "install", "--quiet", *target], check=False).returncode


def _has_own_index() -> bool:
    """Return whether pip is configured to ask another index than PyPI: uv does not read pip's configuration."""
    done = subprocess.run([*_PIP, "config", "list"], capture_output=True, text=True, check=False)
    return re.search(r"\b(index-url|extra-index-url|no-index)=", done.stdout) is not None


def _find_uv() -> str | None:
    return shutil.which("uv", path=f"{_BESIDE}{os.pathsep}{os.environ.get('PATH', os.defpath)}")


def _fetch_uv(folder: Path) -> str | None:
    """Return the uv that this project pins, installed into a folder; `None` if there is no wheel for this machine."""
    pin = re.search(r'"(uv==[\d.]+)"', (_ROOT / "pyproject.toml").read_text("utf-8"))
    # Not from source, for which Rust is needed.
    options = ("--no-compile", "--only-binary=:all:", "--target", str(folder))
    return str(folder / "bin" / "uv") if pin and _succeeds(*_PIP, "install", *options, pin[1]) else None


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
