"""Python that Pulumi runs a program with, and the packages that it finds there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_BINARY: Final = Path("Scripts/python.exe") if os.name == "nt" else Path("bin/python")
_NAMES: Final = ("python", "python3") if os.name == "nt" else ("python3", "python")
_SECONDS: Final = 60
_REMEDY: Final = "Run `pulumi install`, or correct runtime.options in Pulumi.yaml (IS707)"

_PROBE: Final = """
import json, sys
from importlib.metadata import version
found = {"python": sys.version.split()[0]}
for name in ("pulumi", "influx_secrets"):
    try:
        __import__(name)
        found[name] = version(name)
    except Exception as error:
        found["problem of " + name] = str(error)
print()
print(json.dumps(found))
"""


class NoPythonError(Exception):
    """There is no Python that could run the program."""


def find_python(root: Path, program: Path, options: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Return the path of the interpreter, by the rules of Pulumi 3.274.1 (`sdk/python/toolchain`).

    Args:
        root: The folder of the project file.
        program: The folder of the program, in which the lock files of the toolchains are looked for.
        options: `runtime.options` of the project file: `toolchain`, `virtualenv`.
        environ: The environment variables.

    Raises:
        NoPythonError: Nothing is where Pulumi looks for it.
    """
    virtualenv = str(options.get("virtualenv") or "")
    toolchain = options.get("toolchain") or _toolchain(program)
    if toolchain == "uv":
        place = _above(program, "uv.lock") or _above(program, "pyproject.toml") or program
        folder = root / virtualenv if virtualenv else place / (environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")
    elif toolchain == "poetry":
        folder = Path(_output("poetry", "env", "info", "--path", folder=program))
    elif virtualenv:
        folder = root / virtualenv
    else:
        names = [environ["PULUMI_PYTHON_CMD"]] if environ.get("PULUMI_PYTHON_CMD") else _NAMES
        found = next(filter(None, map(shutil.which, names)), None)
        if found is None:
            shown = " or ".join(names)
            raise NoPythonError(f"there is no {shown} on PATH. Install Python, or set PULUMI_PYTHON_CMD (IS707)")
        return found
    if not (folder / _BINARY).exists():
        raise NoPythonError(f"there is no virtual environment in {folder}. {_REMEDY}")
    return str(folder / _BINARY)


def find_packages(python: str, program: Path) -> dict[str, str]:
    """Return the version of the interpreter and of each package, or why a package cannot be imported.

    Raises:
        NoPythonError: The interpreter does not run.
    """
    lines = _output(python, "-c", _PROBE, folder=program).splitlines()
    return dict(json.loads(lines[-1]))


def _toolchain(program: Path) -> str:
    locks = {"uv": "uv.lock", "poetry": "poetry.lock"}
    return next((name for name, lock in locks.items() if _above(program, lock)), "pip")


def _above(folder: Path, name: str) -> Path | None:
    return next((place for place in (folder, *folder.parents) if (place / name).exists()), None)


def _output(*command: str, folder: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (no shell)
            command, cwd=folder, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise NoPythonError(f"{command[0]} did not end within {_SECONDS} s. {_REMEDY}") from None
    except (OSError, subprocess.SubprocessError) as error:
        told = str(getattr(error, "strerror", None) or getattr(error, "stderr", None) or "").strip()
        why = (told or "no reason given").splitlines()[-1].rstrip(".: ")
        raise NoPythonError(f"{command[0]} does not run: {why}. {_REMEDY}") from None
    return done.stdout.strip()
