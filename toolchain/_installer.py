"""The vendor's installer of the Pulumi CLI, bounded in time."""

from __future__ import annotations

import sys
import time
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from toolchain._cache import tools_folder
from toolchain._run import CommandError, last_lines, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from toolchain._programs import Program
    from toolchain._progress import Reporter

_SCRIPT_URL = "https://get.pulumi.com/install.sh"
_PROBE_SECONDS = 5.0
_INSTALL_TIMEOUT = 600.0
_FORGET_AFTER = 24 * 3600.0

_INSTALL = """
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""
"""Run in a process of its own, because the installer of the SDK has no timeout."""


def install(
    program: Program,
    workspace: Path,
    environ: Mapping[str, str],
    reporter: Reporter,
    clock: Callable[[], float] = time.time,
) -> Path | None:
    """Install the pinned version with the vendor's installer; return `None` if that failed, reported in one line.

    A failure is remembered for a day, so that later runs do not wait for it again.
    """
    memory = tools_folder(environ) / ".official-installer-failed"
    if memory.exists() and clock() - memory.stat().st_mtime < _FORGET_AFTER:
        reporter.say(f"the official installer failed within the last day, so it is left out ({memory})")
        return None
    reason = _failure(program, workspace, environ, reporter)
    if reason is None:
        memory.unlink(missing_ok=True)
        return workspace / "official"
    memory.write_text(reason + "\n", encoding="utf-8")
    reporter.say(f"the official installer of {program.title} did not work: {reason}")
    return None


def _failure(program: Program, workspace: Path, environ: Mapping[str, str], reporter: Reporter) -> str | None:
    try:
        # Fail within seconds on a machine without internet access.
        urlopen(Request(_SCRIPT_URL, method="HEAD"), timeout=_PROBE_SECONDS).close()
    except (OSError, HTTPException) as error:
        return f"{_SCRIPT_URL} is out of reach ({type(error).__name__})"
    target, log = workspace / "official", workspace / "installer.log"
    command = [sys.executable, "-c", _INSTALL, str(target), program.version]
    try:
        with reporter.step(f"installing {program.title} {program.version}") as tick:
            run(command, cwd=workspace, env=environ, log=log, tick=tick, timeout=_INSTALL_TIMEOUT)
    except CommandError as error:
        return f"it {error.reason}: {(last_lines(log, 1) or ['no output'])[0]}"
    for name in (program.executable, *program.companions):
        if not (target / "bin" / name).exists():
            return f"it installed no {name}"
    return None
