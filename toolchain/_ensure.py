"""Gets hold of a program: finds it, else installs it, else builds it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from toolchain._cache import cached, exclusive, installed_folder, publish, size_of, workspace
from toolchain._errors import ToolchainError
from toolchain._find import find
from toolchain._go import build, missing_requirements
from toolchain._installer import install
from toolchain._programs import program_named
from toolchain._progress import Reporter, duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from toolchain._programs import Program


def ensure(name: str, *, environ: Mapping[str, str] | None = None, reporter: Reporter | None = None) -> Path:
    """Return the path of a program, installing or building it first if it is not there.

    What is built is kept in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`). It is there whole or
    not at all, whenever the run is cut short.

    Args:
        name: `pulumi`, `influxd`, `influxd-2.6`, `toxiproxy` or `actionlint`.
        environ: The environment to work in; `None` is that of this process.
        reporter: Where to say what is going on; `None` is standard error.

    Raises:
        ToolchainError: It is not there and cannot be built; the message says what to install.
    """
    environ = os.environ if environ is None else environ
    reporter = reporter or Reporter()
    found = find(name, environ=environ, refused=reporter.say)
    if found is not None:
        return found
    program = program_named(name)

    def waiting() -> None:
        reporter.say(f"another run is at work on {program.title}; waiting for it")

    with exclusive(program, environ, waiting):
        # The run that held the lock before may have built it.
        return cached(program, environ) or _make(program, environ, reporter)


def _make(program: Program, environ: Mapping[str, str], reporter: Reporter) -> Path:
    start = time.monotonic()
    with workspace(program, environ) as folder:
        ready = install(program, folder, environ, reporter) if program.official else None
        if ready is None:
            _announce(program, environ, reporter)
            ready = build(program, folder, environ, reporter)
        path = publish(ready, program, environ)
    megabytes = size_of(path.parent) / 1e6
    reporter.say(
        f"{program.title} {program.version} is ready after {duration(time.monotonic() - start)}: "
        f"{megabytes:.0f} MB in {path.parent}"
    )
    return path


def _announce(program: Program, environ: Mapping[str, str], reporter: Reporter) -> None:
    missing = missing_requirements(program, environ)
    if missing:
        ways = f"install {program.title} itself and put it on PATH, or"
        raise ToolchainError(
            f"{program.title} is not on this machine, and building it needs {' and '.join(missing)}; "
            f"{ways} install what is missing and run this again"
        )
    folder = installed_folder(program, environ)
    reporter.say(
        f"{program.title} {program.version} is not on this machine: building it from pinned sources, "
        f"about {program.minutes} min the first time, {program.megabytes} MB in {folder}, "
        f"and up to {program.cache_gigabytes:g} GB in the caches of Go{' and Rust' if program.rust else ''}"
    )
