"""A real Toxiproxy between the provider and its server: it delays, cuts, slices and breaks what passes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from process_reaper import ProcessReaper
from servers import free_port

Stream = Literal["upstream", "downstream"]

_START_SECONDS = 30.0
_NAME = "server"


@dataclass(frozen=True, slots=True)
class Toxic:
    """What Toxiproxy does to the requests (`upstream`) or to the answers (`downstream`), in its own words."""

    stream: Stream
    kind: str
    attributes: Mapping[str, int] = field(default_factory=dict)


class Toxiproxy:
    """A Toxiproxy with one proxy, which forwards to `target`, a url, and has one toxic at most.

    Args:
        binary: Its server program.
        target: Where to forward to.
    """

    def __init__(self, binary: Path, target: str) -> None:
        self._binary = binary
        self._target = urlsplit(target).netloc
        self._api = f"http://127.0.0.1:{free_port()}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._toxic: str | None = None
        self.url = ""

    def __enter__(self) -> Toxiproxy:
        command = [str(self._binary), "-host", "127.0.0.1", "-port", self._api.rpartition(":")[2]]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._reaper = ProcessReaper(self._process.pid)
        self._wait()
        made = self._call("POST", "/proxies", {"name": _NAME, "listen": "127.0.0.1:0", "upstream": self._target})
        self.url = f"http://{made['listen']}"
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()
        self._process.terminate()
        self._process.wait(10)
        self._reaper.release()

    def add(self, toxic: Toxic) -> None:
        """Let what passes suffer from now on, on open connections too."""
        attributes = {"type": toxic.kind, "stream": toxic.stream, "attributes": dict(toxic.attributes)}
        self._call("POST", f"/proxies/{_NAME}/toxics", {"name": toxic.kind, **attributes})
        self._toxic = toxic.kind

    def remove(self) -> None:
        """Let things pass as they are again, if they did not."""
        if self._toxic is not None:
            toxic, self._toxic = self._toxic, None
            self._call("DELETE", f"/proxies/{_NAME}/toxics/{toxic}")

    def pull(self) -> None:
        """Truncation all connections, with what is still under way in them, and accept new ones."""
        for enabled in (False, True):
            self._call("POST", f"/proxies/{_NAME}", {"enabled": enabled})

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self._call("GET", "/version")
            except requests.ConnectionError:
                time.sleep(0.02)
            else:
                return
        self._process.kill()
        self._process.wait()
        self._reaper.release()
        raise RuntimeError(f"{self._binary} did not start within {_START_SECONDS:.0f} s")

    def _call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 (JSON of any shape)
        response = self._session.request(method, self._api + path, json=body, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None
