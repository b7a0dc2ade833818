"""The Python API of the emulator: what tests and trials start, ask and change from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from ._answers import Answer
from ._api import API
from ._context import Trace
from ._store import Grant, Org, Store

if TYPE_CHECKING:
    from ._context import Call
    from ._http import HTTPServer


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the emulator answered. Keys and paths only: it never holds a value or a token.

    Attributes:
        method: HTTP method.
        path: path and query as they were sent, undecoded.
        status: status of the answer.
        org: name of the org that it was about; empty where there is none.
        keys: secret keys that it named, in its order (PATCH, both deletes, `secrets.get` in a query).
        seconds: when it was answered, on the clock of `time.monotonic`.
    """

    method: str
    path: str
    status: int
    org: str
    keys: tuple[str, ...]
    seconds: float


Hook = Callable[[str, str], "Answer | None"]
"""Called with method and path before each answer, in a worker thread; may block, and may answer in place of the API."""


class Emulator:
    """An InfluxDB that knows orgs, tokens and secrets: influxd 2.9.1 as far as the secrets API goes.

    Use it as a context manager, or call `start` and `stop`. It listens on loopback and keeps everything in memory; with
    `file` it also keeps its state there. **That file holds the values and tokens in clear text** (mode 0600): it is for
    trials, not for secrets that matter. One emulator per file.

    Args:
        orgs: names of orgs to create unless the file has them; a mapping gives them ids (16 hex digits).
        token: the operator token, which may do everything. None: the one in the file, else a random one.
        file: where the state is kept. None: nowhere.
        host: address to listen on.
        port: port to listen on; 0 is a free one, and the same again after `stop` and `start`.
        before: called before each answer, to delay or replace it.
    """

    def __init__(
        self,
        orgs: Iterable[str] | Mapping[str, str] = ("acme",),
        *,
        token: str | None = None,
        file: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        before: Hook | None = None,
    ) -> None:
        self._store = Store(Path(file) if file is not None else None)
        self.token = self._store.operator_token(token)
        for name in orgs:
            if self._store.org_named(name) is None:
                self._store.create_org(name, orgs[name] if isinstance(orgs, Mapping) else None)
        self._api = API(self._store)
        self._host = host
        self._port = port
        self._before = before
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._accepted = 0
        self._server: HTTPServer | None = None

    def __repr__(self) -> str:
        return f"Emulator(url={self.url!r}, orgs={[org.name for org in self._store.orgs()]!r})"

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen.

        Raises:
            ModuleNotFoundError: aiohttp is not installed.
            OSError: the address is in use or not of this machine.
        """
        from ._http import HTTPServer  # noqa: PLC0415  # aiohttp is an extra, asked for where it is needed

        if self._server is None:
            self._server = HTTPServer(self._answer, self._host, self._port)
            self._port = self._server.port

    def stop(self) -> None:
        """Stop listening and close all connections; the state stays, and `start` serves it again."""
        if self._server is not None:
            self._server.stop()
            self._accepted += self._server.connections
            self._server = None

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://{self._host}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that make the package and the `influx` CLI use it."""
        return {"INFLUX_HOST": self.url, "INFLUX_TOKEN": self.token}

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests answered so far, `/health` and `/ping` among them, in the order of their answers."""
        with self._lock:
            return tuple(self._requests)

    def clear_requests(self) -> None:
        """Forget the requests answered so far."""
        with self._lock:
            self._requests.clear()

    @property
    def connections(self) -> int:
        """Number of TCP connections accepted so far."""
        return self._accepted + (self._server.connections if self._server else 0)

    @property
    def orgs(self) -> dict[str, str]:
        """The ids of all orgs by name."""
        return {org.name: org.id for org in self._store.orgs()}

    def org_id(self, org: str) -> str:
        """Return the id of the org with this name.

        Raises:
            KeyError: there is none.
        """
        return self._org(org).id

    def create_org(self, name: str, org_id: str | None = None) -> str:
        """Create an org and return its id: `org_id`, or a random one.

        Raises:
            ValueError: the name or the id is taken.
        """
        return self._store.create_org(name, org_id).id

    def delete_org(self, org: str) -> None:
        """Remove an org with its secrets and tokens."""
        self._store.delete_org(self.org_id(org))

    def create_token(
        self, org: str, *, read_org: bool = True, read_secrets: bool = True, write_secrets: bool = True
    ) -> str:
        """Return a new token for one org with exactly these permissions."""
        return self._store.add_token(Grant(self.org_id(org), read_org, read_secrets, write_secrets))

    def revoke_token(self, token: str) -> None:
        """Make a token worthless.

        Raises:
            KeyError: there is no such token.
        """
        self._store.revoke_token(token)

    def secrets(self, org: str) -> dict[str, str]:
        """Return the org's secrets with their values, for assertions. No request is recorded."""
        return self._store.secrets(self.org_id(org))

    def put_secret(self, org: str, key: str, value: str) -> None:
        """Set a secret as another writer would. No request is recorded."""
        if not self._store.patch(self.org_id(org), {key: value}):
            raise ValueError("key too large")

    def remove_secret(self, org: str, key: str) -> None:
        """Remove a secret as another writer would. No request is recorded."""
        self._store.delete(self.org_id(org), [key])

    def _org(self, name: str) -> Org:
        org = self._store.org_named(name)
        if org is None:
            raise KeyError(f"the emulator has no org named {name!r}")
        return org

    def _answer(self, call: Call) -> Answer:
        path = call.target.decode("utf-8", "backslashreplace")
        trace = Trace()
        answer = self._before(call.method, path) if self._before else None
        if answer is None:
            answer = self._api.answer(call, trace)
        org = self._store.org(trace.org_id)
        with self._lock:
            self._requests.append(
                Request(call.method, path, answer.status, org.name if org else "", trace.keys, time.monotonic())
            )
        return answer
