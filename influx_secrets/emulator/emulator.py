"""The Python API of the emulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from influx_secrets.emulator.api import alerts
from influx_secrets.emulator.api.context import parse_id
from influx_secrets.emulator.api.responses import VERSION, parse_version
from influx_secrets.emulator.faults import Fault, FaultScript
from influx_secrets.emulator.server.service import Hook, Request, Service
from influx_secrets.emulator.store import Grant, Store

if TYPE_CHECKING:
    from influx_secrets.emulator.server.http import HTTPServer


class Emulator:
    """An InfluxDB that knows orgs, tokens and secrets: influxd as far as the secrets API goes.

    Use it as a context manager, or call `start` and `stop`. It listens on loopback and keeps everything in memory; with
    `file` it also keeps its state there. **That file holds the values and tokens in clear text** (mode 0600): it is for
    trials, not for secrets that matter. One emulator per file.

    Args:
        orgs: Names of orgs to create unless the file has them; a mapping gives them ids (16 hex digits).
        token: The operator token, which may do everything. None: the one in the file, else a random one.
        file: Where the state is kept. None: nowhere.
        host: Address to listen on.
        port: Port to listen on; 0 is a free one, and the same again after `stop` and `start`.
        before: Called before each answer, to delay or replace it; for what `faults` cannot say.
        faults: Requests that are to go wrong, as with `inject`.
        version: The influxd to be, as `2.6.1`, `2.7.12`, `2.9.1` and `2.10.0` were compared with it. Before 2.7 Flux
            hashes nothing, so that no value can be compared; from 2.10 on `/health` and `/ready` have another form.

    Raises:
        ValueError: `version` is not one of InfluxDB OSS v2, a name or an id is given twice, or `file` is another file.
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
        faults: Iterable[Fault] = (),
        version: str = VERSION,
    ) -> None:
        self._version, self._before = parse_version(version), before
        self._host, self._port = host, port
        self._accepted = 0
        self._serve(Store(Path(file) if file is not None else None), token, orgs, faults)
        self._server: HTTPServer | None = None

    def __repr__(self) -> str:
        return f"Emulator(url={self.url!r}, orgs={[org.name for org in self._store.orgs()]!r})"

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start to listen.

        Raises:
            ModuleNotFoundError: aiohttp is not installed.
            OSError: The address is in use or not of this machine.
            OverflowError: There is no such port.
        """
        from influx_secrets.emulator.server.http import HTTPServer  # noqa: PLC0415 (aiohttp is an extra, asked for where it is needed)

        if self._server is None:
            self._server = HTTPServer(lambda: self._service, self._host, self._port)
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

    def reset(self, orgs: Iterable[str] | Mapping[str, str] = ("acme",)) -> None:
        """Start again with these orgs: forget all orgs, secrets, faults, requests, and other tokens.

        The address and the operator token stay, so that many tests can share one server. A request that is still under
        way, such as a delayed one, changes nothing that can be seen.
        """
        # All parts are new: a request that is still under way acts on the old ones.
        self._serve(self._store.successor(), self.token, orgs)

    def inject(self, *faults: Fault) -> None:
        """Let requests fail from now on; faults that were injected earlier come first."""
        self._service.script.add(faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that may still happen; a test can assert that none is left."""
        return self._service.script.pending

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._service.script.clear()

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests answered so far, `/health` and `/ping` among them, in the order of their answers."""
        return tuple(self._service.requests)

    @property
    def writes(self) -> tuple[Request, ...]:
        """The requests that wrote: PATCH and both deletes, if the API granted them."""
        return tuple(request for request in self.requests if request.wrote)

    def clear_requests(self) -> None:
        """Forget the requests answered so far."""
        self._service.requests.clear()

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
            KeyError: There is none.
        """
        found = self._store.org_named(org)
        if found is None:
            raise KeyError(f"the emulator has no org named {org!r}")
        return found.id

    def create_org(self, name: str, org_id: str | None = None) -> str:
        """Create an org and return its id: `org_id`, or a random one.

        Raises:
            ValueError: The name or the id is taken.
        """
        return self._store.create_org(name, org_id).id

    def delete_org(self, org: str) -> None:
        """Remove an org with its secrets. Its tokens stay valid, as on a real server, and see nothing."""
        self._store.delete_org(self.org_id(org))

    def create_token(
        self,
        org: str,
        *,
        read_org: bool = True,
        read_secrets: bool = True,
        write_secrets: bool = True,
        active: bool = True,
    ) -> str:
        """Return a new token for one org with exactly these permissions, which it has only while it is `active`."""
        return self._store.add_token(Grant(self.org_id(org), read_org, read_secrets, write_secrets, active))

    def revoke_token(self, token: str) -> None:
        """Revoke a token.

        Raises:
            KeyError: There is no such token.
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

    def put_notification_endpoint(
        self,
        org: str,
        kind: str,
        *,
        endpoint_id: str | None = None,
        name: str | None = None,
        token: str | None = None,
        routing_key: str | None = None,
        username: str | None = None,
        password: str | None = None,
    ) -> str:
        """Create a notification endpoint, with the secrets that the server sets for it, and return its id.

        A credential such as `secret: SLACK_TOKEN` names a key of the org instead.

        Args:
            org: Name of the org.
            kind: `slack` (`token`), `pagerduty` (`routing_key`), `http` (`token`, or `username` and `password`, or
                none) or `telegram` (`token`).
            endpoint_id: 16 hex digits; the endpoint that has this id is replaced. None: a new id.
            name: Of the endpoint. None: its kind.
            token: A credential, kept under the key `<id>-token`.
            routing_key: As `<id>-routing-key`.
            username: As `<id>-username`.
            password: As `<id>-password`.

        Raises:
            ValueError: The server would refuse these credentials for this kind.
        """
        endpoint_id = parse_id(endpoint_id) if endpoint_id else self._store.new_id()
        credentials = {"token": token, "routingKey": routing_key, "username": username, "password": password}
        given = {key: value for key, value in credentials.items() if value is not None}
        item = {"id": endpoint_id, "orgID": self.org_id(org), "name": name or kind}
        shown, kept = alerts.endpoint(kind, item, given)
        self._store.patch(item["orgID"], kept)
        self._store.put_item(alerts.ENDPOINTS, shown)
        return endpoint_id

    def put_notification_rule(self, endpoint_id: str, name: str = "rule") -> str:
        """Create a notification rule for an endpoint, and return the rule's id.

        Its task reads the credentials that the endpoint has now, also after the endpoint was replaced: influxd writes
        the script of the task when a rule is saved.

        Raises:
            KeyError: There is no such endpoint.
        """
        found = {item["id"]: item for item in self._store.items(alerts.ENDPOINTS)}[endpoint_id]
        rule_id = self._store.new_id()
        item = {"id": rule_id, "orgID": found["orgID"], "name": name}
        shown, task = alerts.rule(found, item, self._store.new_id())
        self._store.put_item(alerts.TASKS, task)
        self._store.put_item(alerts.RULES, shown)
        return rule_id

    def apply_template(self, org: str, secrets: Mapping[str, str]) -> None:
        """Do to the org's secrets what `influx apply --secret KEY=VALUE` does: **these replace all others**.

        Without any secret nothing changes; with a key that is too large, everything is removed and nothing set.

        Raises:
            ValueError: A key is too large.
        """
        org_id = self.org_id(org)
        if not secrets:
            return
        self._store.delete(org_id, self._store.secrets(org_id))
        if not self._store.patch(org_id, secrets):
            raise ValueError("key too large")

    def _serve(
        self, store: Store, token: str | None, orgs: Iterable[str] | Mapping[str, str], faults: Iterable[Fault] = ()
    ) -> None:
        self._store, self.token = store, store.operator_token(token)
        for name in orgs:
            if self._store.org_named(name) is None:
                self._store.create_org(name, orgs[name] if isinstance(orgs, Mapping) else None)
        # Last: a request may come at any moment.
        self._service = Service(store, FaultScript(faults), self._before, self._version)
