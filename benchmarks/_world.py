"""What the subjects talk to: a real influxd on loopback, and Toxiproxy before it, which puts the distance in."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from leash import Leash
from servers import InfluxdServer, free_port

import toolchain

if TYPE_CHECKING:
    from benchmarks._plan import Condition

_START_SECONDS = 10.0


class World:
    """The server, and the urls under which it is near or far."""

    def __init__(self, server: InfluxdServer, far: dict[int, str]) -> None:
        self.server = server
        self._urls = {0: server.url, **far}

    def environment(self, condition: Condition) -> dict[str, str]:
        """Return the variables that lead a subject to the server under a condition."""
        found = {**self.server.environment, "INFLUX_HOST": self._urls[condition.round_trip_ms]}
        if not condition.checkpoints:
            found |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
        return found


@contextmanager
def world(folder: Path, round_trips: set[int]) -> Iterator[World]:
    """Start influxd, and a proxy for each round trip, in milliseconds, that is not 0."""
    with ExitStack() as ends:
        (folder / "influxd").mkdir(parents=True)
        server = ends.enter_context(InfluxdServer(toolchain.ensure("influxd"), folder / "influxd"))
        distances = sorted(round_trips - {0})
        api = ends.enter_context(_toxiproxy()) if distances else ""
        yield World(server, {distance: _away(api, server.url, distance) for distance in distances})


@contextmanager
def _toxiproxy() -> Iterator[str]:
    port = free_port()
    command = [str(toolchain.ensure("toxiproxy")), "-host", "127.0.0.1", "-port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        leash = Leash(process.pid)
        try:
            _wait(f"http://127.0.0.1:{port}/version")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            leash.release()


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            requests.get(url, timeout=1).raise_for_status()
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _away(api: str, url: str, round_trip_ms: int) -> str:
    """Make a proxy whose every request and every answer arrives half a round trip later; return its url."""
    name = f"influxd-{round_trip_ms}"
    upstream = url.removeprefix("http://")
    proxy = {"name": name, "listen": "127.0.0.1:0", "upstream": upstream}
    made = requests.post(f"{api}/proxies", json=proxy, timeout=5)
    made.raise_for_status()
    for stream in ("upstream", "downstream"):
        toxic = {"type": "latency", "stream": stream, "attributes": {"latency": round_trip_ms // 2}}
        requests.post(f"{api}/proxies/{name}/toxics", json=toxic, timeout=5).raise_for_status()
    return f"http://{made.json()['listen']}"
