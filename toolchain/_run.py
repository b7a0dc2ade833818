"""Runs one command of a build, bounded and with a log."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_POLL = 0.2
_GRACE = 5.0


class CommandError(Exception):
    """A command failed, or took too long; `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    tick: Callable[[], None],
    timeout: float,
) -> None:
    """Run a command to its end.

    Args:
        command: The program and its arguments.
        cwd: The folder to run it in.
        env: Its whole environment.
        log: The file that its output is added to.
        tick: Called several times a second.
        timeout: Seconds after which it is ended.

    Raises:
        CommandError: It could not be started, failed, or took longer than `timeout`.
    """
    with log.open("ab") as output:
        try:
            # A session of its own: Ctrl-C reaches this process alone, which then ends the whole group.
            process = subprocess.Popen(
                list(command),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise CommandError(f"could not be started ({error.strerror})") from error
        try:
            code = _wait(process, tick, timeout)
        finally:
            _end_group(process)
    if code is None:
        raise CommandError(f"was ended after {timeout:.0f} s")
    if code != 0:
        raise CommandError(f"failed with exit code {code}")


def last_lines(log: Path, count: int) -> list[str]:
    """Return the last lines of a log that are not blank; none if there is no log."""
    if not log.exists():
        return []
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if line.strip()][-count:]


def _wait(process: subprocess.Popen[bytes], tick: Callable[[], None], timeout: float) -> int | None:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=_POLL)
        tick()
    return None


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number, grace in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, _GRACE)):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=grace)
