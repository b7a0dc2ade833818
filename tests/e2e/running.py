"""A command of the CLI that is under way, so that a test can kill it, or what it started, in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_ENDS_SECONDS = 240
_LEFTOVER_SECONDS = 30
_PROVIDER = "pulumi.dynamic"


class Running:
    """One command in a session, and so in a process group, of its own; its output goes into `file`.

    Attributes:
        pid: Of `pulumi` itself, and of its group.
    """

    def __init__(self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], file: Path) -> None:
        self._file = file
        with file.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._known: dict[int, psutil.Process] = {}

    @property
    def is_over(self) -> bool:
        """Whether the command has ended."""
        return self._process.poll() is not None

    @property
    def output(self) -> str:
        """What it wrote so far."""
        return self._file.read_text("utf-8", "replace")

    def started(self) -> list[psutil.Process]:
        """Return the processes that the command has started, and that live; the engine gives each plugin its group."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.pid).children(recursive=True):
                self._known.setdefault(process.pid, process)
        return [process for process in self._known.values() if _lives(process)]

    def providers(self) -> list[psutil.Process]:
        """Return those of them that serve dynamic resources."""
        return [process for process in self.started() if _PROVIDER in _arguments(process)]

    def kill(self) -> None:
        """Kill `pulumi` alone."""
        self._process.kill()

    def kill_group(self) -> None:
        """Kill the process group of `pulumi`, as a shell or a CI runner does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Return the exit status, once the command has ended."""
        return self._process.wait(_ENDS_SECONDS)

    def bury(self, *, served: bool) -> None:
        """End what the command left behind; if a provider has served it, make sure that it has ended by itself.

        A language host looks for its engine every five minutes only; the program that it ran has ended before. A
        provider that was never asked anything has not met this package yet, and waits for ever, doing nothing.
        """
        providers = [process for process in self.started() if _PROVIDER in _arguments(process)]
        alive = psutil.wait_procs(providers, timeout=_LEFTOVER_SECONDS)[1] if served else []
        for process in self.started():
            kill(process)
        assert not alive, f"a provider process outlives its engine: {alive}"


def kill(process: psutil.Process) -> None:
    """Kill a process, which may be gone already."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _arguments(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return process.cmdline()
    return []
