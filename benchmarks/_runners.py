"""Runs and measures a subject: a Pulumi stack, or a script."""

from __future__ import annotations

import compileall
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import toolchain
from benchmarks._memory import Watch
from benchmarks._plan import DESTROY, EMPTIED, FIRST_UP, IN_ORDER, NOTHING, REFRESH, ROTATE_ONE, Subject

PROGRAMS = Path(__file__).parent / "subjects"
GENERATIONS: Mapping[str, tuple[str, str]] = dict.fromkeys(IN_ORDER, ("three", "three")) | {
    FIRST_UP: ("one", "one"),
    NOTHING: ("one", "one"),
    ROTATE_ONE: ("one", "two"),
}
"""Work to the generations of all values, and of the first one."""

_TAIL = 3000


@dataclass(frozen=True, slots=True)
class Measured:
    """What one work took.

    Attributes:
        seconds: By the clock.
        processor: Seconds of processors, of all the processes of a Pulumi command; None for a script.
        peaks: Part of a Pulumi command to its peak memory in bytes.
        server: Seconds of processors, of influxd; None where nobody counted.
    """

    seconds: float
    processor: float | None = None
    peaks: Mapping[str, int] = field(default_factory=dict)
    server: float | None = None


class Runner(Protocol):
    """A subject with an org of its own."""

    def run(self, work: str) -> Measured:
        """Do the work, and measure it."""


class RunError(Exception):
    """A subject failed; the text is the end of what it said."""


def hear_interrupts() -> None:
    """Let what is run be interrupted also where a shell started this process in the background, deaf to Ctrl-C.

    Pulumi ends a program by such a signal, and waits five seconds for one that does not hear it: in each `up`.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def keep_bytecode() -> None:
    """Have Python keep what it compiles, and compile what is installed, as it is with users.

    With PYTHONDONTWRITEBYTECODE each process of each command compiles all that it imports: in a provider process that
    removes a thousand secrets this was more than half of its processor time.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for folder in (sysconfig.get_path("purelib"), PROGRAMS, PROGRAMS.parents[1] / "influx_secrets"):
        compileall.compile_dir(folder, quiet=2)


def runner(subject: Subject, folder: Path, environment: Mapping[str, str], parallel: int | None = None) -> Runner:
    """Make a runner for a subject; `folder` is its own and not there yet."""
    path = os.pathsep.join(map(str, filter(None, (subject.tree, PROGRAMS))))
    environment = {**environment, "PYTHONPATH": path}
    if subject.stack:
        return _Stack(subject, folder, environment, parallel)
    return _Script(subject, environment)


class _Stack:
    def __init__(self, subject: Subject, folder: Path, environment: Mapping[str, str], parallel: int | None) -> None:
        self._project = folder / "project"
        self._project.mkdir(parents=True)
        self._options = () if parallel is None else ("--parallel", str(parallel))
        self._environment = {**toolchain.environment(folder), **environment}
        (self._project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n", "utf-8")
        shutil.copyfile(PROGRAMS / f"{subject.program}.py", self._project / "__main__.py")
        self._pulumi("stack", "init", "dev", work=FIRST_UP)

    def run(self, work: str) -> Measured:
        verb = {REFRESH: "refresh", EMPTIED: "refresh", DESTROY: "destroy"}.get(work, "up")
        return self._pulumi(verb, "--yes", "--skip-preview", "--stack", "dev", *self._options, work=work)

    def _pulumi(self, *arguments: str, work: str) -> Measured:
        command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
        environment = self._environment | _generation(work)
        log = self._project.parent / "output.txt"
        with log.open("w+", encoding="utf-8") as output:
            start = time.perf_counter()
            with subprocess.Popen(
                command, cwd=self._project, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            ) as process:
                with Watch(process.pid) as watch:
                    # As `process.wait`, which does not tell what the process and all that it waited for used.
                    _, status, used = os.wait4(process.pid, 0)
                seconds = time.perf_counter() - start
                process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RunError(log.read_text("utf-8")[-_TAIL:])
        return Measured(seconds, used.ru_utime + used.ru_stime, watch.peaks)


class _Script:
    def __init__(self, subject: Subject, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, str(PROGRAMS / f"{subject.program}.py")]
        self._environment = {**os.environ, **environment}

    def run(self, work: str) -> Measured:
        environment = self._environment | _generation(work)
        done = subprocess.run([*self._command, work], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RunError((done.stdout + done.stderr)[-_TAIL:])
        return Measured(float(done.stdout))


def _generation(work: str) -> dict[str, str]:
    everything, first = GENERATIONS[work]
    return {"BENCH_ALL": everything, "BENCH_FIRST": first}
