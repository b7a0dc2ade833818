"""The servers: influxd on loopback, with Toxiproxy for the distance."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import psutil
import requests
import trustme
from process_reaper import ProcessReaper
from servers import InfluxdServer, free_port

import toolchain

if TYPE_CHECKING:
    from benchmarks._plan import Condition

_START_SECONDS = 10.0


class World:
    """The servers, one with TLS and one without, and the urls under which they are near or far."""

    def __init__(self, servers: Mapping[bool, InfluxdServer], far: Mapping[Condition, str], authorities: Path) -> None:
        self._servers = servers
        self._far = far
        self._authorities = authorities

    def server(self, condition: Condition) -> InfluxdServer:
        """Return the server of a condition."""
        return self._servers[condition.https]

    @staticmethod
    def processor() -> float:
        """Return how much of the processors the servers took so far, in seconds."""
        return sum(sum(one.cpu_times()[:2]) for one in psutil.Process().children() if one.name() == "influxd")

    def environment(self, condition: Condition) -> dict[str, str]:
        """Return the variables that lead a subject to the server under a condition."""
        server = self.server(condition)
        found = {**server.environment, "INFLUX_HOST": self._far.get(condition, server.url)}
        if condition.https:
            # The first is read by requests, the second by Python's ssl, and by the loop for influxdb-client.
            found |= dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(self._authorities))
        if not condition.checkpoints:
            found |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
        return found


@contextmanager
def world(folder: Path, conditions: Collection[Condition]) -> Iterator[World]:
    """Start an influxd without TLS, one with it and a proxy before them, where the conditions ask for these."""
    folder.mkdir(parents=True, exist_ok=True)
    authorities = folder / "authorities.pem"
    with ExitStack() as ends:
        servers = {
            https: ends.enter_context(_influxd(folder / ("https" if https else "http"), authorities, https=https))
            for https in {condition.https for condition in conditions}
        }
        distant = [condition for condition in conditions if condition.round_trip_ms]
        api = ends.enter_context(_toxiproxy()) if distant else ""
        yield World(servers, {one: _away(api, servers[one.https].url, one) for one in distant}, authorities)


@contextmanager
def _influxd(folder: Path, authorities: Path, *, https: bool) -> Iterator[InfluxdServer]:
    folder.mkdir()
    program = toolchain.ensure("influxd")
    if not https:
        with InfluxdServer(program, folder) as server:
            yield server
        return
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    key, chain = folder / "key.pem", folder / "chain.pem"
    certificate.private_key_pem.write_to_path(str(key))
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    # Beside all the public ones, which whoever speaks to a public server has to read.
    shutil.copyfile(certifi.where(), authorities)
    authority.cert_pem.write_to_path(str(authorities), append=True)
    with InfluxdServer(program, folder, (f"--tls-cert={chain}", f"--tls-key={key}"), str(authorities)) as server:
        yield server


@contextmanager
def _toxiproxy() -> Iterator[str]:
    port = free_port()
    command = [str(toolchain.ensure("toxiproxy")), "-host", "127.0.0.1", "-port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        reaper = ProcessReaper(process.pid)
        try:
            _wait(f"http://127.0.0.1:{port}/version")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            reaper.release()


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


def _away(api: str, url: str, condition: Condition) -> str:
    """Make a proxy whose every request and every answer arrives half a round trip later; return its url.

    What a handshake of TLS sends is late too; that of TCP is not, as the proxy makes it here.
    """
    scheme, _, upstream = url.partition("://")
    proxy = {"name": condition.name, "listen": "127.0.0.1:0", "upstream": upstream}
    made = requests.post(f"{api}/proxies", json=proxy, timeout=5)
    made.raise_for_status()
    for stream in ("upstream", "downstream"):
        toxic = {"type": "latency", "stream": stream, "attributes": {"latency": condition.round_trip_ms // 2}}
        requests.post(f"{api}/proxies/{condition.name}/toxics", json=toxic, timeout=5).raise_for_status()
    return f"{scheme}://{made.json()['listen']}"
