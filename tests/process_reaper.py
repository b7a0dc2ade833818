"""Ends a process that a run of the tests has started when the run itself is killed: nothing is left behind."""

from __future__ import annotations

import subprocess

# The end of the standard input is the end of the only process that holds the other side of it.
_WATCH = 'read -r _; kill -KILL "$0"'


class ProcessReaper:
    """Kills the process `pid` as soon as this one ends, however it does, unless it was released before.

    A shell waits for the end of a pipe. A parent-death signal would be Linux's alone, and bound to the thread that
    started the process: some servers are started by threads that a test ends.
    """

    def __init__(self, pid: int) -> None:
        self._watcher = subprocess.Popen(
            ["sh", "-c", _WATCH, str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # not to be killed along with the group of this process
        )

    def release(self) -> None:
        """Let the process be: it is over, or somebody else's."""
        self._watcher.kill()
        self._watcher.communicate()
