"""Ctrl-C while a request is under way: engine and provider end, no process stays, and the next `up` finishes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import psutil
import pytest
from engine.intercepting_proxy import InterceptingProxy
from engine.stack import STACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.stack import Stack
    from servers import InfluxdServer

PATIENCE_SECONDS = 100.0
SECRETS = {"A": "1", "B": "2"}
SHARED = f'influx.OrgSecrets("shared", org=ORG, secrets={SECRETS})'
SECOND = 'influx.Secret("second", org=ORG, key="SECOND", value="2", opts=ResourceOptions(depends_on=[shared]))'


class Held:
    """Keeps the first PATCH from the server until it is let go."""

    def __init__(self, proxy: InterceptingProxy) -> None:
        self.came, self.go = threading.Event(), threading.Event()
        proxy.before = self._before

    def _before(self, method: str, path: str) -> None:
        del path
        if method == "PATCH":
            self.came.set()
            self.go.wait(PATIENCE_SECONDS)


@pytest.fixture
def proxy(influxd: InfluxdServer, stack: Stack) -> Iterator[InterceptingProxy]:
    """A proxy that `stack` takes for influxd; its requests may take long."""
    stack.set_config("influx-secrets:timeout", str(PATIENCE_SECONDS))
    with InterceptingProxy(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        yield proxy


def started(stack: Stack, held: Held) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """Start an update as a terminal does, in a process group of its own; return it and all its processes."""
    running = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--color", "never", "--stack", STACK],
        cwd=stack.project,
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert held.came.wait(PATIENCE_SECONDS)
    return running, psutil.Process(running.pid).children(recursive=True)


def ended(running: subprocess.Popen[str], processes: list[psutil.Process]) -> str:
    """Wait for the end of the update and of each of its processes; return what it said."""
    output, _ = running.communicate(timeout=PATIENCE_SECONDS)
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_SECONDS)
    assert alive == []
    assert running.returncode != 0
    return output


def test_interrupted_update_finishes_its_request_and_ends(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The request under way is done and recorded, the next resource is not begun; no lock is left."""
    held = Held(proxy)
    stack.program(f"shared = {SHARED}\n{SECOND}")
    running, processes = started(stack, held)
    os.killpg(running.pid, signal.SIGINT)  # what a terminal does
    held.go.set()
    assert "cannot" not in ended(running, processes)
    assert influxd.values(acme) == SECRETS
    assert stack.up().steps == {"shared": "same", "second": "create"}
    assert influxd.values(acme) == {**SECRETS, "SECOND": "2"}
    assert set(stack.preview().steps.values()) == {"same"}


def test_update_interrupted_twice_ends_at_once(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """A second Ctrl-C does not wait for the server; no lock is left, and the next `up` writes what this one did not."""
    held = Held(proxy)
    stack.program(SHARED)
    running, processes = started(stack, held)
    os.killpg(running.pid, signal.SIGINT)
    assert any("press ^C again" in line for line in running.stdout or ())
    os.killpg(running.pid, signal.SIGINT)
    assert "update cancelled" in ended(running, processes)
    held.go.set()
    stack.up()
    assert influxd.values(acme) == SECRETS
    assert set(stack.preview().steps.values()) == {"same"}
