"""Tests the built wheel: with the oldest packages that it supports, and on the Pythons that no checkout is tested on.

The wheel is installed into virtual environments of its own, and the tests run in a folder that holds no copy of the
package: what they pass is what users install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from toolchain._errors import ToolchainError
from toolchain._progress import Reporter

ROOT = Path(__file__).resolve().parent.parent


class Leg(NamedTuple):
    """One run of tests: a version of Python, which packages it gets (in uv's words), and what runs."""

    python: str
    packages: str
    tests: tuple[str, ...]


_UNIT = ("tests/unit", "--ignore=tests/unit/toolchain", "--ignore=tests/unit/helpers", "-k", "not random_lives")
_CHOSEN = "not (engine or hypothesis or influxd or soak)"
"""What another Python or another SDK can break for a user: no tools of this repository, no searches for examples."""

_SAMPLE = ("tests/engine/test_sample.py", "-m", f"engine or {_CHOSEN} and not alone")

LEGS = (
    # What differs from a checkout is the packaging, old packages and an old Python, not logic.
    Leg("3.10", "lowest-direct", (*_UNIT, "tests/lifecycle", "tests/engine", "-m", f"smoke or {_CHOSEN}")),
    # Between two Pythons that run more: what the package imports and uses, and one life on the engine.
    Leg("3.12", "highest", (*_UNIT, *_SAMPLE)),
    Leg("3.13", "highest", (*_UNIT, "tests/lifecycle", *_SAMPLE)),
)

_BESIDE = ("tests", "toolchain", "docs", "examples", "README.md", "pyproject.toml", "Pulumi.yaml", "__main__.py")
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
    codes = []
    for leg in LEGS:
        python = find_python(leg.python, os.environ)
        if python is None:
            reporter.say(absent(leg, os.environ))
            continue
        reporter.say(f"testing {wheel.name} on Python {leg.python}, packages: {leg.packages}")
        codes.append(_run(leg, _install(wheel, python, folder / leg.python, leg.packages), place, arguments))
    return int(any(codes))  # a run that a signal ended has a negative one


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


def absent(leg: Leg, environ: Mapping[str, str]) -> str:
    """Return the line about a run whose Python is not there.

    Raises:
        ToolchainError: Nothing may be left out (`INFLUX_SECRETS_REQUIRE_REAL=1`).
    """
    line = f"not run: the wheel on Python {leg.python}, which is neither on PATH nor among the versions of pyenv"
    if environ.get("INFLUX_SECRETS_REQUIRE_REAL") == "1":
        raise ToolchainError(f"{line} (INFLUX_SECRETS_REQUIRE_REAL=1)")
    return line


def find_python(version: str, environ: Mapping[str, str]) -> Path | None:
    """Return a Python of this version, such as `3.10`, on this machine; None where none runs."""
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


def _install(wheel: Path, python: Path, folder: Path, packages: str) -> Path:
    installed = folder / "bin" / "python"
    # With pip, which Pulumi asks for the packages of a program.
    _uv("venv", "--quiet", "--seed", "--python", str(python), str(folder))
    target = ("pip", "install", "--quiet", "--python", str(installed))
    # The wheel's own requirements count as direct only where they are read from the project.
    extras = ("--extra", "cli", "--extra", "emulator", "--extra", "test")
    _uv(*target, "--compile-bytecode", "--resolution", packages, "-r", str(ROOT / "pyproject.toml"), *extras)
    _uv(*target, "--compile-bytecode", "--no-deps", str(wheel))
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
