"""Starts the emulator as users and scripts do, as a command of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import requests
from process_reaper import ProcessReaper

COMMAND = [sys.executable, "-W", "error", "-m", "influx_secrets.emulator"]


class Started:
    """The command with a ready file in `folder`, ended by `end`.

    Attributes:
        ready: What the ready file says: url, token, orgs, pid.
    """

    def __init__(self, folder: Path, *arguments: str, command: Sequence[str] = COMMAND) -> None:
        self.ready_file = folder / "ready.json"
        self.process = subprocess.Popen(
            [*command, *arguments, "--ready-file", str(self.ready_file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reaper = ProcessReaper(self.process.pid)
        deadline = time.monotonic() + 30
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "the emulator did not start"
            time.sleep(0.02)
        self.ready = json.loads(self.ready_file.read_text("utf-8"))

    def get(self, path: str) -> requests.Response:
        headers = {"Authorization": f"Token {self.ready['token']}"}
        return requests.get(self.ready["url"] + path, headers=headers, timeout=5)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal and return exit code, stdout and stderr."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        self._reaper.release()
        return self.process.returncode, out, err
