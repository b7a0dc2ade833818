"""Builds a program from its pinned Go modules."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain._errors import ToolchainError
from toolchain._programs import GoBuild, Program, parse_version
from toolchain._run import CommandError, last_lines, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from toolchain._progress import Reporter

_BUILD_TIMEOUT = 3600.0
_SHOWN_LINES = 15
_GO_HINT = "https://go.dev/dl"
_RUST_HINT = "https://rustup.rs"

_LENIENT_RUSTC = """#!/bin/sh
exec "$@" --cap-lints warn
"""
"""An old Flux forbids all warnings, and a newer Rust has more of them. RUSTFLAGS would not reach its build script."""


@dataclass(frozen=True, slots=True)
class _Build:
    """A build that is running: its place, its environment, its log."""

    build: GoBuild
    copy: Path
    target: Path
    env: dict[str, str]
    log: Path

    def command(self) -> list[str]:
        flags = "-s -w"
        if self.build.version_symbol:
            flags += f" -X {self.build.version_symbol}=v{self.build.version}"
        # -mod=readonly: the pins and checksums are obeyed, never amended.
        output = str(self.target / self.build.file_name)
        return [
            "go",
            "build",
            "-mod=readonly",
            "-trimpath",
            "-ldflags",
            flags,
            "-o",
            output,
            self.build.package,
        ]


def missing_requirements(program: Program, environ: Mapping[str, str]) -> list[str]:
    """Return what this machine lacks for a build, each with the place to get it; empty if nothing.

    Go 1.21 and later fetch the Go that a module asks for by themselves, unless told not to, so the version is
    asked inside the module.
    """
    missing = []
    needed = max(build.go_version for build in program.builds)
    if not _has_go(program, needed, environ):
        missing.append(f"Go {'.'.join(map(str, needed))} or later ({_GO_HINT})")
    if program.rust and shutil.which("cargo", path=_path_with_cargo(environ)) is None:
        missing.append(f"Rust ({_RUST_HINT})")
    compilers = [environ.get("CC", ""), "cc", "gcc", "clang"]
    if program.rust and not any(name and shutil.which(name, path=environ.get("PATH")) for name in compilers):
        missing.append("a C compiler (package build-essential, or Xcode's command line tools)")
    return missing


def build(program: Program, workspace: Path, environ: Mapping[str, str], reporter: Reporter) -> Path:
    """Build a program; return a folder whose `bin` holds everything it needs.

    Raises:
        ToolchainError: A step failed; the last lines of its output were shown.
    """
    ready, helpers, log = workspace / "ready", workspace / "helpers", workspace / "build.log"
    (ready / "bin").mkdir(parents=True)
    helpers.mkdir()
    env = _environment(helpers, environ)
    for part in program.builds:
        copy = workspace / "modules" / part.folder
        shutil.copytree(part.source, copy)
        target = helpers if part.helper else ready / "bin"
        with reporter.step(f"building {part.folder} {part.version}") as tick:
            _build_part(_Build(part, copy, target, env, log), tick, reporter)
    return ready


def _build_part(part: _Build, tick: Callable[[], None], reporter: Reporter) -> None:
    try:
        run(part.command(), cwd=part.copy, env=part.env, log=part.log, tick=tick, timeout=_BUILD_TIMEOUT)
        _install_scripts(part)
    except CommandError as error:
        reporter.quote(last_lines(part.log, _SHOWN_LINES))
        advice = "see the lines above; the next run starts afresh"
        raise ToolchainError(
            f"building {part.build.folder} {part.build.version}: go {error.reason}; {advice}"
        ) from error


def _install_scripts(part: _Build) -> None:
    if not part.build.scripts:
        return
    # Only after the build is the module known to be in Go's module cache.
    done = subprocess.run(
        ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", part.build.module],
        cwd=part.copy,
        env=part.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    folder = Path(done.stdout.strip())
    for script in part.build.scripts:
        source, copy = folder / script, part.target / Path(script).name
        if done.returncode != 0 or not source.is_file():
            raise CommandError(f"has no file {script} in module {part.build.module}")
        shutil.copyfile(source, copy)
        # Files of Go's module cache are neither writable nor executable.
        copy.chmod(0o755)


def _environment(helpers: Path, environ: Mapping[str, str]) -> dict[str, str]:
    env = dict(environ)
    env["PATH"] = os.pathsep.join([str(helpers), _path_with_cargo(environ)])
    env["PKG_CONFIG"] = str(helpers / "pkg-config")
    env["RUSTC_WRAPPER"] = str(_executable(helpers / "rustc-lenient", _LENIENT_RUSTC))
    env["GOWORK"] = "off"
    env["GO111MODULE"] = "on"
    env["CGO_ENABLED"] = "1"
    # Flux asks for one exact version of Rust, which rustup would download; any recent stable one will do.
    env.setdefault("RUSTUP_TOOLCHAIN", "stable")
    return env


def _executable(path: Path, text: str) -> Path:
    path.write_text(text, encoding="ascii")
    path.chmod(0o755)
    return path


def _path_with_cargo(environ: Mapping[str, str]) -> str:
    home = environ.get("CARGO_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".cargo")
    return os.pathsep.join([environ.get("PATH", os.defpath), str(Path(home) / "bin")])


def _has_go(program: Program, needed: tuple[int, int, int], environ: Mapping[str, str]) -> bool:
    if shutil.which("go", path=environ.get("PATH")) is None:
        return False
    done = subprocess.run(
        ["go", "version"],
        cwd=program.builds[-1].source,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    version = parse_version(done.stdout) if done.returncode == 0 else None
    return version is not None and version >= needed
