"""Finds programs: by variable, on the search path, in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain._cache import cached
from toolchain._errors import ToolchainError
from toolchain._programs import Program, parse_version, program_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_VERSION_TIMEOUT = 30.0


def find(
    name: str, *, environ: Mapping[str, str] | None = None, refused: Callable[[str], None] | None = None
) -> Path | None:
    """Find a program without installing or building it.

    Args:
        name: `pulumi`, `influxd`, `influxd-2.6`, `toxiproxy`, `actionlint` or `influx`.
        environ: The environment to look in; `None` is that of this process.
        refused: Called with one line for a copy that is there but cannot be used.

    Returns:
        The path of the executable, or `None`.

    Raises:
        ToolchainError: The name is unknown, or the variable that should name the program does not.
    """
    environ = os.environ if environ is None else environ
    program = program_named(name)
    return _named(program, environ) or _on_path(program, environ, refused) or cached(program, environ)


def _named(program: Program, environ: Mapping[str, str]) -> Path | None:
    text = environ.get(program.variable or "", "")
    if not text:
        return None
    path = shutil.which(text, path=environ.get("PATH"))
    if path is None:
        raise ToolchainError(f"{program.variable} names {text!r}, which is no program; correct or unset it")
    return Path(path).absolute()


def _on_path(program: Program, environ: Mapping[str, str], refused: Callable[[str], None] | None) -> Path | None:
    found = shutil.which(program.executable, path=environ.get("PATH"))
    if found is None:
        return None
    path = Path(found).absolute()
    reason = _unusable(program, path, environ)
    if reason is None:
        return path
    if refused is not None:
        refused(f"{path} is not used: {reason}")
    return None


def _unusable(program: Program, path: Path, environ: Mapping[str, str]) -> str | None:
    for companion in program.companions:
        # A link on the search path leads to the folder that holds the companion, too.
        folders = os.pathsep.join([str(path.parent), str(path.resolve().parent), environ.get("PATH", "")])
        if shutil.which(companion, path=folders) is None:
            return f"{companion} is neither beside it nor on PATH"
    if program.oldest is None or program.below is None:
        return None
    version = parse_version(_reported_version(path, environ))
    if version is None:
        return "it does not report its version"
    if not program.oldest <= version < program.below:
        oldest, told = ".".join(map(str, program.oldest)), ".".join(map(str, version))
        return f"it is version {told}, and {oldest} or later (below {program.below[0]}) is needed"
    return None


def _reported_version(path: Path, environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            [str(path), "version"],
            env={**environ, "PULUMI_SKIP_UPDATE_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
