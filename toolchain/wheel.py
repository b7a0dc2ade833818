"""Tests the built wheel with the oldest Python and the oldest packages that it supports.

The wheel is installed into virtual environments of its own, and the tests run in a folder that holds no copy of the
package: what they pass is what users install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from toolchain._errors import ToolchainError
from toolchain._progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent


class Leg(NamedTuple):
    """One run of tests against the wheel.

    Attributes:
        python: The version of Python.
        resolution: Which versions of the packages are installed, in the words of uv.
        tests: What runs: what differs from a checkout is the packaging, old packages and Python, not logic.
    """

    python: str
    resolution: str
    tests: tuple[str, ...]


_LAYERS = ("tests/unit", "tests/lifecycle")
_FAST = ("-m", "smoke or not (engine or soak)")

LEGS = (Leg("3.10", "lowest-direct", (*_LAYERS, "tests/engine", *_FAST)),)

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
    place = folder / "place"
    place.mkdir()
    for name in _BESIDE:
        _copy(ROOT / name, place / name)
    failed = 0
    for leg in LEGS:
        python = find_python(leg.python, os.environ)
        if python is None:
            reporter.say(f"not run: there is no Python {leg.python} on this machine for {wheel.name}")
            continue
        reporter.say(f"testing {wheel.name} on Python {leg.python}, with packages: {leg.resolution}")
        installed = _install(wheel, python, folder / leg.python, leg.resolution)
        failed = _run(leg, installed, place, arguments) or failed
    return failed


def _run(leg: Leg, installed: Path, place: Path, arguments: Sequence[str]) -> int:
    env = {**os.environ, "PYTHONPATH": str(place), "PATH": f"{installed.parent}{os.pathsep}{os.environ['PATH']}"}
    _refuse_other_copy(installed, place, env)
    # The cache would be written for nothing: the folder goes away.
    options = ("-p", "no:cacheprovider", "-q", "-n", "logical", "--dist", "worksteal")
    command = [str(installed), "-m", "pytest", *options, *leg.tests, *arguments]
    return subprocess.run(command, cwd=place, env=env, check=False).returncode


def build(folder: Path) -> Path:
    """Build the source distribution, and the wheel from it, into a folder; return the wheel."""
    # Without isolation: the build backend is pinned with the other tools, and nothing is fetched.
    command = ["build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder)]
    _uv(*command, str(ROOT))
    return next(folder.glob("*.whl"))


def find_python(version: str, environ: Mapping[str, str]) -> Path | None:
    """Return a Python of a version, such as `3.10`, on this machine; None where none runs."""
    for candidate in _candidates(version, environ):
        # A shim may be there for a version that is not.
        done = subprocess.run(
            [str(candidate), "-c", "import sys, venv; print(sys.executable)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return Path(done.stdout.strip())
    return None


def _candidates(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    found = shutil.which(f"python{version}", path=environ.get("PATH"))
    if found is not None:
        yield Path(found)
    pyenv = Path(environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python"))


def _install(wheel: Path, python: Path, folder: Path, resolution: str) -> Path:
    installed = folder / "bin" / "python"
    _uv("venv", "--quiet", "--python", str(python), str(folder))
    target = ("pip", "install", "--quiet", "--python", str(installed))
    # The wheel's own requirements count as direct only where they are read from the project.
    extras = ("--extra", "cli", "--extra", "emulator", "--extra", "test")
    _uv(*target, "--resolution", resolution, "-r", str(ROOT / "pyproject.toml"), *extras)
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
