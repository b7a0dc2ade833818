"""Provides a program: finds it, else fetches or installs it, else builds it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from toolchain._archives import fetch
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


def ensure(
    name: str, *, may_build: bool = True, environ: Mapping[str, str] | None = None, reporter: Reporter | None = None
) -> Path:
    """Return the path of a program; if it is not on this machine, fetch, install or build it first.

    The program is kept in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`). It is there whole or not at
    all, whenever the run is interrupted.

    Args:
        name: `pulumi`, `influxd`, `influxd-2.6`, `toxiproxy`, `actionlint` or `influx`.
        may_build: Whether a program may be built, which takes minutes. `INFLUX_SECRETS_BUILD_TOOLS=1` in the
            environment asks for builds from pinned sources in any case: then nothing finished is fetched.
        environ: The environment to work in; `None` is that of this process.
        reporter: Prints progress; `None` prints to standard error.

    Raises:
        ToolchainError: It is not there and cannot be provided; the message says what to install.
    """
    environ = os.environ if environ is None else environ
    reporter = reporter or Reporter()
    found = find(name, environ=environ, refused=reporter.say)
    return found or provide(program_named(name), may_build=may_build, environ=environ, reporter=reporter)


def provide(program: Program, *, may_build: bool, environ: Mapping[str, str], reporter: Reporter) -> Path:
    """Fetch, install or build a program that was not found; for the arguments see `ensure`."""

    def waiting() -> None:
        reporter.say(f"another run is preparing {program.title}; waiting for it")

    with exclusive(program, environ, waiting):
        # The run that held the lock before may have built it.
        return cached(program, environ) or _make(program, may_build, environ, reporter)


def _make(program: Program, may_build: bool, environ: Mapping[str, str], reporter: Reporter) -> Path:  # noqa: FBT001 (private)
    start = time.monotonic()
    with workspace(program, environ) as folder:
        ready = None if _sources_only(environ) else _finished(program, folder, environ, reporter)
        if ready is None:
            if not (may_build or _sources_only(environ)):
                raise ToolchainError(f"{program.title} is not on this machine; to build it: make tools")
            _announce(program, environ, reporter)
            ready = build(program, folder, environ, reporter)
        path = publish(ready, program, environ)
    megabytes = size_of(path.parent) / 1e6
    reporter.say(
        f"{program.title} {program.version} is ready after {duration(time.monotonic() - start)}: "
        f"{megabytes:.0f} MB in {path.parent}"
    )
    return path


def _sources_only(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("INFLUX_SECRETS_BUILD_TOOLS"))


def _finished(program: Program, folder: Path, environ: Mapping[str, str], reporter: Reporter) -> Path | None:
    """Return a folder with what the vendor built; `None` if there is nothing for this machine or it did not work."""
    ready = fetch(program, folder, reporter)
    if ready is None and program.official:
        ready = install(program, folder, environ, reporter)
    return ready


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
