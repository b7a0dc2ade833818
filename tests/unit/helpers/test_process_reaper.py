"""What a run of the tests started ends with it, however the run ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from process_reaper import ProcessReaper

_SECONDS = 30
_RUN = """
import subprocess, sys, threading, time
sys.path.insert(0, {tests!r})
{start}
print(pid, flush=True)
time.sleep(600)
"""
_IN_A_THREAD = """
from process_reaper import ProcessReaper
started = []
def start():
    started.append(subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL))
    started.append(ProcessReaper(started[0].pid))
thread = threading.Thread(target=start)
thread.start()
thread.join()
pid = started[0].pid
"""
_INFLUXD = """
from pathlib import Path
from servers import InfluxdServer
server = InfluxdServer(Path({binary!r}), Path({folder!r}))
server.start()
pid = server._process.pid
"""


def killed(start: str, number: signal.Signals) -> psutil.Process:
    """Return what a process has started, after that process was ended by a signal."""
    command = [sys.executable, "-c", _RUN.format(tests=str(Path(__file__).parents[2]), start=start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        child = psutil.Process(int(run.stdout.readline()))
        assert child.status() != psutil.STATUS_ZOMBIE
        run.send_signal(number)
    return child


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_process_under_a_reaper_ends_with_the_run_that_started_it(number: signal.Signals) -> None:
    """Not with the thread that did: it was over when its run was asked for the number."""
    killed(_IN_A_THREAD, number).wait(_SECONDS)


@pytest.mark.influxd
def test_influxd_ends_with_the_run_that_started_it(influxd_binary: Path, tmp_path: Path) -> None:
    """The real server, as every test has it."""
    start = _INFLUXD.format(binary=str(influxd_binary), folder=str(tmp_path))
    killed(start, signal.SIGKILL).wait(_SECONDS)


def test_process_that_was_released_stays(sleeper: subprocess.Popen[bytes]) -> None:
    """Whoever releases it answers for it."""
    reaper = ProcessReaper(sleeper.pid)
    reaper.release()
    assert sleeper.poll() is None
