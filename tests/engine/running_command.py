"""A command of the CLI that is under way, so that a test can kill it, or what it started, in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil

_ENDS_SECONDS = 240
_LEFTOVER_SECONDS = 30
_SHORT_SECONDS = 0.02
_PROVIDER = "pulumi.dynamic"
_AGAIN = "press ^C again"


class RunningCommand:
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

    def interrupt(self) -> None:
        """Press Ctrl-C, and wait until `pulumi` has noticed it: it prints how to end at once, or has ended."""
        os.killpg(self.pid, signal.SIGINT)
        while _AGAIN not in self.output and not self.is_over:
            time.sleep(_SHORT_SECONDS)

    def kill_group(self) -> None:
        """Kill the process group of `pulumi`, as a shell or a CI runner does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Return the exit status, once the command has ended."""
        return self._process.wait(_ENDS_SECONDS)

    def reap(self, server: str) -> None:
        """Make sure that no provider goes on to talk to the server at this url, and end what else is left behind.

        A language host looks for its engine every five minutes only; the program that it ran has ended before. A
        provider that was not asked anything yet has not met this package, and waits for ever, doing nothing.
        """
        port, deadline = urlsplit(server).port, time.monotonic() + _LEFTOVER_SECONDS
        while talking := [process for process in self.providers() if _talks(process, port)]:
            assert time.monotonic() < deadline, f"a provider process outlives its engine: {talking}"
            time.sleep(_SHORT_SECONDS)
        for process in self.started():
            kill(process)


def kill(process: psutil.Process) -> None:
    """Kill a process, which may be gone already."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _talks(process: psutil.Process, port: int | None) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return any(getattr(one.raddr, "port", None) == port for one in process.net_connections("tcp"))
    return False


def _arguments(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return process.cmdline()
    return []
