"""Only a provider process that an engine started watches that engine."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from influx_secrets._provider.watchdog import end_with_the_engine

SERVES_ON = """
import sys, threading
from importlib.machinery import ModuleSpec
from influx_secrets._provider.watchdog import end_with_the_engine

__spec__ = ModuleSpec("pulumi.dynamic.__main__", None)
end_with_the_engine()
print([thread.name for thread in threading.enumerate() if thread.name.startswith("influx-secrets")])
"""


def test_other_process_is_left_alone() -> None:
    """A program that imports the package, or tests it, may lose its standard input as it likes."""
    before = threading.active_count()
    end_with_the_engine()
    assert threading.active_count() == before


@pytest.mark.parametrize("stdin", ["/dev/null", __file__])
def test_provider_started_by_hand_serves_on(stdin: str) -> None:
    """Without a pipe there is no engine at the other end, whose end could be noticed."""
    with Path(stdin).open("rb") as given:
        done = subprocess.run(
            [sys.executable, "-c", SERVES_ON], stdin=given, capture_output=True, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
