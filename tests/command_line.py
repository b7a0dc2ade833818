"""Runs the command line in the process of the test, and searches all that it writes for what must not be there."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.leaks import leaks
from typer.testing import CliRunner

from influx_secrets.cli.app import make_app

COMMAND = Path(sys.executable).with_name("influx-secrets")
VALUE = "planted-value/&\"'"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did; `out` and `err` are what it wrote, but for the line that names the server."""

    code: int
    out: str
    err: str
    server: str = ""

    @property
    def json(self) -> Any:  # noqa: ANN401 (JSON of any shape)
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The cells of the table that was written, without its headings; a cell holds no two spaces in a row."""
        lines = self.out.splitlines()[1:]
        return [re.split(r"\s{2,}", line) for line in lines]


@dataclass
class Command:
    """`influx-secrets` with an environment; no output may hold the token of it, nor a planted value."""

    environ: Mapping[str, str]
    planted: set[str] = field(default_factory=lambda: {VALUE})

    def __call__(self, *arguments: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"") -> Done:
        environ = {**self.environ, **(environ or {})}
        result = CliRunner().invoke(make_app(), list(arguments), input=stdin, env=environ)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        server = next(iter(re.findall(r"\Aserver: .*\n", result.stderr)), "")
        done = Done(result.exit_code, result.stdout, result.stderr.removeprefix(server), server)
        self.search(done, environ)
        return done

    def search(self, done: Done, environ: Mapping[str, str]) -> None:
        places = {"stdout": done.out.encode(), "stderr": done.err.encode()}
        for secret in self.planted | {environ.get("INFLUX_TOKEN", "")} - {""}:
            assert leaks(secret, places) == []


def verdicts(command: Command, *arguments: str, **environ: str) -> dict[str, str]:
    """What doctor says of each thing; its exit code must agree."""
    done = command("doctor", "--json", *arguments, environ=environ)
    found = {one["check"]: one["verdict"] for one in done.json["checks"]}
    assert done.code == (1 if "wrong" in found.values() else 0)
    assert done.json["ok"] is (done.code == 0)
    return found


def line(done: Done, check: str) -> str:
    """The line of the table about one thing."""
    (found,) = [" ".join(row) for row in done.rows if len(row) == 3 and row[1] == check]
    return found


def settings_environ() -> dict[str, str]:
    """What a command run as a process needs of the environment, and nothing that steers it."""
    kept = ("PATH", "HOME", "LANG", "NO_PROXY", "no_proxy", "INFLUX_CONFIGS_PATH", "COVERAGE_PROCESS_CONFIG")
    return {name: os.environ[name] for name in kept if name in os.environ}


def start(
    *arguments: str, environ: Mapping[str, str], terminal: int | None = None, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start the command as a process; without a terminal its output goes into pipes."""
    output = subprocess.PIPE if terminal is None else terminal
    environ = {**settings_environ(), **environ}
    return subprocess.Popen([COMMAND, *arguments], env=environ, stdin=stdin, stdout=output, stderr=output)


def on_terminal(
    *arguments: str, environ: Mapping[str, str] | None = None, stdin: bytes | None = None
) -> tuple[int, str]:
    """Run the command on a terminal, its input too unless that is given; return its exit code and what is shown."""
    ours, theirs = pty.openpty()
    environ = {"TERM": "xterm-256color", "COLUMNS": "60", **(environ or {})}
    got = bytearray()
    with start(
        *arguments, environ=environ, terminal=theirs, stdin=theirs if stdin is None else subprocess.PIPE
    ) as process:
        os.close(theirs)
        if process.stdin is not None:
            process.stdin.write(stdin or b"")
            process.stdin.close()
        with contextlib.suppress(OSError):  # what a terminal without a program reads as
            while piece := os.read(ours, 10_000):
                got.extend(piece)
        code = process.wait(60)
    os.close(ours)
    return code, got.decode()
