"""Tests the built wheel with the oldest packages that it supports.

The wheel is installed into a virtual environment of its own, and the tests run in a folder that holds no copy of the
package: what they pass is what users install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain._errors import ToolchainError
from toolchain._progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent

_OLDEST_PYTHON = "3.10"
_TESTS = ("tests/unit", "tests/lifecycle", "tests/engine", "-m", "smoke or not (engine or soak)")
"""What differs from a checkout is the packaging, old packages and an old Python, not logic."""

_BESIDE = ("tests", "toolchain", "docs", "examples", "README.md", "pyproject.toml")
"""What the tests need, and users do not get."""


def main(arguments: Sequence[str]) -> int:
    """Build the wheel and run tests against it; arguments go to pytest. Return the exit code."""
    reporter = Reporter()
    try:
        with tempfile.TemporaryDirectory(prefix="influx-secrets-wheel-") as name:
            return _test_wheel(Path(name), arguments, reporter)
    except ToolchainError as error:
        reporter.say(f"error: {error}")
        return 1


def _test_wheel(folder: Path, arguments: Sequence[str], reporter: Reporter) -> int:
    wheel = build(folder / "dist")
    python = oldest_python(os.environ)
    reporter.say(f"testing {wheel.name} with the oldest packages that it supports, {python}")
    installed = _install(wheel, python, folder / "venv")
    place = folder / "place"
    place.mkdir()
    for name in _BESIDE:
        _copy(ROOT / name, place / name)
    env = {**os.environ, "PYTHONPATH": str(place), "PATH": f"{installed.parent}{os.pathsep}{os.environ['PATH']}"}
    _refuse_other_copy(installed, place, env)
    # The cache would be written for nothing: the folder goes away.
    options = ("-p", "no:cacheprovider", "-q", "-n", "logical", "--dist", "worksteal")
    command = [str(installed), "-m", "pytest", *options, *_TESTS, *arguments]
    return subprocess.run(command, cwd=place, env=env, check=False).returncode


def build(folder: Path) -> Path:
    """Build the source distribution, and the wheel from it, into a folder; return the wheel."""
    # Without isolation: the build backend is pinned with the other tools, and nothing is fetched.
    command = ["build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder)]
    _uv(*command, str(ROOT))
    return next(folder.glob("*.whl"))


def oldest_python(environ: Mapping[str, str]) -> Path:
    """Return the oldest supported Python on this machine that runs; else the one that runs now."""
    for candidate in _candidates(environ):
        # A shim may be there for a version that is not.
        done = subprocess.run(
            [str(candidate), "-c", "import sys, venv; print(sys.executable)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return Path(done.stdout.strip())
    return Path(sys.executable)


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    found = shutil.which(f"python{_OLDEST_PYTHON}", path=environ.get("PATH"))
    if found is not None:
        yield Path(found)
    pyenv = Path(environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{_OLDEST_PYTHON}.*/bin/python"))


def _install(wheel: Path, python: Path, folder: Path) -> Path:
    installed = folder / "bin" / "python"
    _uv("venv", "--quiet", "--python", str(python), str(folder))
    target = ("pip", "install", "--quiet", "--python", str(installed))
    # The wheel's own requirements count as direct only where they are read from the project.
    extras = ("--extra", "cli", "--extra", "emulator", "--extra", "test")
    _uv(*target, "--resolution", "lowest-direct", "-r", str(ROOT / "pyproject.toml"), *extras)
    _uv(*target, "--no-deps", str(wheel))
    return installed


def _refuse_other_copy(python: Path, place: Path, env: Mapping[str, str]) -> None:
    command = [str(python), "-c", "import influx_secrets; print(influx_secrets.__file__)"]
    done = subprocess.run(command, cwd=place, env=dict(env), capture_output=True, text=True, check=False)
    if "site-packages" not in done.stdout:
        told = (done.stdout + done.stderr).strip().splitlines() or ["nothing"]
        raise ToolchainError(f"the installed wheel is not what Python imports: {told[-1]}")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def _uv(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.strip()]
        raise ToolchainError(f"uv {' '.join(arguments[:2])} failed: {' '.join(told[-4:])}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
