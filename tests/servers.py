"""Starts the servers that tests talk to: a real influxd and the emulator, with the same methods.

What a test does to a server besides the code under test (orgs, tokens, outside writers, looking at values) goes through
plain requests here, never through the client of the package.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import requests
from flux import flux_rows
from process_reaper import ProcessReaper

from influx_secrets.emulator import Emulator

_START_SECONDS = 30.0
_KEYS_PER_QUERY = 500


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def closed_port(port: int = 0) -> Iterator[int]:
    """Hold a port at which nobody listens, nor can begin to: connections are refused. Zero takes any."""
    with socket.socket() as held:
        if port:
            # Connections of before may linger there.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        yield held.getsockname()[1]


class EmulatorServer(Emulator):
    """The emulator with the methods of a real server."""

    name = "emulator"
    values = Emulator.secrets

    def __enter__(self) -> EmulatorServer:
        self.start()
        return self

    def keys(self, org: str) -> list[str]:
        return sorted(self.secrets(org), key=str.encode)


class InfluxdServer:
    """A real influxd on a free loopback port, with its data in `folder`.

    Its port, token and data stay the same when it is stopped, or killed, and started again.

    Attributes:
        folder: Where its files are.
        log_file: what influxd writes to stdout and stderr, over all its starts.

    Args:
        options: More of influxd's own, such as those of its certificate.
        ca_file: The authority of that certificate; with it the url is https.
    """

    name = "influxd"
    token = "operator-token-of-the-tests"

    def __init__(self, binary: Path, folder: Path, options: Sequence[str] = (), ca_file: str | None = None) -> None:
        self._binary = binary
        self._options = options
        self._scheme = "http" if ca_file is None else "https"
        self.folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._authorizations: dict[str, str] = {}
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file or True
        self._session.headers["Authorization"] = f"Token {self.token}"
        self.log_file = folder / "influxd.log"

    def __enter__(self) -> InfluxdServer:
        self.start()
        setup = {"username": "tests", "password": "tests-tests", "org": "setup", "bucket": "setup"}
        self.call("POST", "/api/v2/setup", {**setup, "token": self.token})
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        self._session.close()

    def start(self) -> None:
        """Start influxd and wait until it answers."""
        if self._process is not None:
            return
        command = [
            str(self._binary),
            "--reporting-disabled",
            f"--http-bind-address=127.0.0.1:{self._port}",
            f"--bolt-path={self.folder / 'influxd.bolt'}",
            f"--sqlite-path={self.folder / 'influxd.sqlite'}",
            f"--engine-path={self.folder / 'engine'}",
            *self._options,
        ]
        environment = {"HOME": str(self.folder), "PATH": os.environ.get("PATH", os.defpath)}
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self._reaper = ProcessReaper(self._process.pid)
        self._wait()

    def _wait(self) -> None:
        process, deadline = self._process, time.monotonic() + _START_SECONDS
        while process is not None and process.poll() is None and time.monotonic() < deadline:
            try:
                # influxd 2.10.0 answers /health before its API is there.
                if self._session.get(f"{self.url}/api/v2/setup", timeout=1).ok:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.02)
        self.kill()
        log = self.log_file.read_text("utf-8", "replace")[-2000:]
        raise RuntimeError(f"{self._binary} did not start within {_START_SECONDS:.0f} s; its log ends:\n{log}")

    def stop(self) -> None:
        """End influxd as a service manager would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End influxd as a power failure would."""
        self._end(signal.SIGKILL)

    def rebuild(self) -> None:
        """Lose everything: a new influxd at the same address, with the same operator's token."""
        self._lose()
        self.__enter__()

    def back_up(self, folder: Path) -> None:
        """Copy all files into a new folder."""
        self.stop()
        shutil.copytree(self.folder, folder)
        self.start()

    def restore(self, folder: Path) -> None:
        """Lose everything, and go on with the files of a backup."""
        self._lose()
        shutil.copytree(folder, self.folder, dirs_exist_ok=True)
        self.start()

    def restored(self, folder: Path) -> InfluxdServer:
        """Return a server at another address, made from a copy of this one's files; start it with `start`."""
        self.back_up(folder)
        return InfluxdServer(self._binary, folder)

    def _lose(self) -> None:
        self.stop()
        for path in self.folder.iterdir():
            if path != self.log_file:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._authorizations.clear()

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reaper.release()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._port}"

    @property
    def version(self) -> str:
        """The version that it reports, without the leading `v`."""
        return self._session.get(f"{self.url}/health", timeout=30).headers["X-Influxdb-Version"].removeprefix("v")

    @property
    def environment(self) -> dict[str, str]:
        return {"INFLUX_HOST": self.url, "INFLUX_TOKEN": self.token}

    def org_id(self, org: str) -> str:
        answer = self.call("GET", f"/api/v2/orgs?{requests.compat.urlencode({'org': org})}")
        org_id: str = answer["orgs"][0]["id"]
        return org_id

    def create_org(self, name: str) -> str:
        org_id: str = self.call("POST", "/api/v2/orgs", {"name": name})["id"]
        return org_id

    def delete_org(self, org: str) -> None:
        self.call("DELETE", f"/api/v2/orgs/{self.org_id(org)}")

    def create_token(
        self,
        org: str,
        *,
        read_org: bool = True,
        read_secrets: bool = True,
        write_secrets: bool = True,
        active: bool = True,
    ) -> str:
        org_id = self.org_id(org)
        org_itself = {"type": "orgs", "id": org_id}
        secrets = {"type": "secrets", "orgID": org_id}
        chosen = [
            (read_org, "read", org_itself),
            (read_secrets, "read", secrets),
            (write_secrets, "write", secrets),
            # A token must have some permission.
            (not (read_org or read_secrets or write_secrets), "read", {"type": "buckets", "orgID": org_id}),
        ]
        permissions = [{"action": action, "resource": resource} for wanted, action, resource in chosen if wanted]
        status = "active" if active else "inactive"
        body = {"orgID": org_id, "permissions": permissions, "status": status}
        made = self.call("POST", "/api/v2/authorizations", body)
        self._authorizations[made["token"]] = made["id"]
        token: str = made["token"]
        return token

    def revoke_token(self, token: str) -> None:
        self.call("DELETE", f"/api/v2/authorizations/{self._authorizations.pop(token)}")

    def put_secret(self, org: str, key: str, value: str) -> None:
        self.call("PATCH", f"/api/v2/orgs/{self.org_id(org)}/secrets", {key: value})

    def remove_secret(self, org: str, key: str) -> None:
        self.call("POST", f"/api/v2/orgs/{self.org_id(org)}/secrets/delete", {"secrets": [key]})

    def keys(self, org: str) -> list[str]:
        keys: list[str] = self.call("GET", f"/api/v2/orgs/{self.org_id(org)}/secrets")["secrets"]
        return keys

    def values(self, org: str) -> dict[str, str]:
        """Return the org's secrets as Flux sees them; a value that Flux cannot see counts as empty."""
        org_id, keys = self.org_id(org), self.keys(org)
        found: dict[str, str] = {}
        for first in range(0, len(keys), _KEYS_PER_QUERY):
            some = keys[first : first + _KEYS_PER_QUERY]
            values = self._values(org_id, some)
            if values is None:
                values = [(self._values(org_id, [key]) or [""])[0] for key in some]
            found.update(zip(some, values, strict=True))
        return found

    def value(self, org: str, key: str) -> str:
        """Return one value, as Flux sees it; empty where Flux cannot see it."""
        return (self._values(self.org_id(org), [key]) or [""])[0]

    def _values(self, org_id: str, keys: Sequence[str]) -> list[str] | None:
        script = flux_rows("string(v: json.encode(v: secrets.get(key: {})))", keys)
        response = self._session.post(
            f"{self.url}/api/v2/query?orgID={org_id}",
            f'import "json"\n{script}'.encode(),
            headers={"Content-Type": "application/vnd.flux"},
            timeout=30,
        )
        if response.status_code == requests.codes.not_found:
            return None
        response.raise_for_status()
        rows = [row for row in csv.reader(io.StringIO(response.content.decode(), newline="")) if row]
        return [json.loads(row[-1]) for row in rows[1:]]

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON of any shape
        """Make any call of the API with the operator's token, and return the answer's JSON."""
        response = self._session.request(method, self.url + path, json=body, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None


SecretsServer: TypeAlias = EmulatorServer | InfluxdServer
"""A server with secrets. Orgs are given by name."""
