"""What one provider process knows of its server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import TypeVar

from influx_secrets._client.client import SecretsClient, connect
from influx_secrets._client.head_start import HeadStart
from influx_secrets._client.settings import NO_CREDENTIAL, Settings
from influx_secrets._client.value_proofs import Proof, prove
from influx_secrets._errors import (
    APIError,
    DeclarationError,
    InfluxSecretsError,
    ProofsUnavailableError,
    ResponseError,
    TransportError,
)
from influx_secrets._model.resources import UNKNOWN, ResourceState, Unknown, server_address
from influx_secrets._notices import UNREACHABLE, UNVERIFIABLE
from influx_secrets._provider.census import Census
from influx_secrets._provider.org_session import OrgSession, Unreachable
from influx_secrets._provider.single_flight import SingleFlight
from influx_secrets._run_register import Register
from influx_secrets._text import name_org

T = TypeVar("T")


class ServerSession:
    """The state of one run: its client, its orgs, and what the user was told.

    The engine runs every resource of a provider in one process, and calls `check` of all that the program declares
    before or beside the creates, updates and deletes. What `check` learned must be known to them, and may not reach the
    state. No lock is held while the server is asked.

    Attributes:
        address: Of the server, as states store it.
        census: Who declares which key.
        states: The stored state of each resource that was checked: the second check of a replacement comes without it.
    """

    def __init__(
        self,
        settings: Settings,
        notify: Callable[[str], None],
        threads: int,
        register: Register | None = None,
        head_start: HeadStart | None = None,
    ) -> None:
        self.settings = settings
        self.address = server_address(settings.url)
        self.states: dict[str, ResourceState] = {}
        self.census = Census(register, self.address, max_waiters=threads - 1)
        self._notify = notify
        self._head_start = head_start
        self._lock = threading.Lock()
        self._look_ups = SingleFlight()
        self._client: SecretsClient | None = None
        self._orgs: dict[str, OrgSession] = {}
        self._org_ids: dict[str, str] = {}
        self._org_names: dict[str, str] = {}
        self._seen_notices: set[str] = set()
        self._unreachable = False
        self._proofs_unavailable_reason: str | None = None

    @property
    def client(self) -> SecretsClient:
        """The one client of the process, made by the first call that sends something: most runs send nothing."""
        with self._lock:
            if self._client is None:
                self._client = connect(self.settings, self._notify, self._org_names, self._head_start)
            return self._client

    def org(self, org_id: str | Unknown, name: str | Unknown | None = None) -> OrgSession:
        """Return the session of one org, whose name in messages is that of a state, if it is given."""
        if org_id is UNKNOWN:
            raise DeclarationError("Pulumi does not know the id of the org yet: run `pulumi up` again (IS139)")
        if isinstance(name, str):
            self._org_names.setdefault(org_id, name)
        with self._lock:
            if org_id not in self._orgs:
                self._orgs[org_id] = OrgSession(self, org_id)
            return self._orgs[org_id]

    def org_id(self, name: str, *, preview: bool) -> str:
        """Look an org's id up, once per name."""
        known = self._org_ids.get(name)
        return known or self._org_ids.setdefault(name, self.current_org_id(name, preview=preview))

    def current_org_id(self, name: str, *, preview: bool) -> str:
        """Return the id that the server has for a name, whatever a state says; raise as `org_id` does."""
        return self._look_ups.do(name, lambda: self.ask(lambda client: client.find_org(name).id, preview=preview))

    def name_org(self, org_id: str) -> str:
        return name_org(org_id, self._org_names.get(org_id))

    def remember_org(self, name: str, org_id: str) -> None:
        """Note an id that the state holds: the check after a replacement comes without it."""
        self._org_ids.setdefault(name, org_id)
        self._org_names.setdefault(org_id, name)

    def ask(self, call: Callable[[SecretsClient], T], *, preview: bool) -> T:
        """Ask the server something that a preview can do without.

        A preview asks once and briefly, and after a first silence no more: many resources must not wait one by one.

        Raises:
            Unreachable: A preview could not ask.
        """
        if not preview:
            return call(self.client)
        if self.settings.token is None:
            self.notify(f"{UNREACHABLE}{NO_CREDENTIAL}", topic="unreachable")
        elif not self._unreachable:
            from influx_secrets._client.retry import PREVIEW_POLICY  # noqa: PLC0415 (brings the HTTP libraries along)

            try:
                return call(self.client.with_policy(PREVIEW_POLICY))
            except InfluxSecretsError as error:
                if not _may_heal(error):
                    raise
                self._unreachable = True
                self.notify(f"{UNREACHABLE}{error}", topic="unreachable")
        raise Unreachable

    def prove(self, org_id: str, keys: Collection[str], *, preview: bool) -> Mapping[str, Proof] | None:
        """Return proofs of the keys' values; None where the server gives this token none, which is reported once."""
        if self.settings.verify_values == "never":
            return None
        if self._proofs_unavailable_reason is None:
            try:
                return self.ask(lambda client: prove(client, org_id, keys), preview=preview)
            except ProofsUnavailableError as error:
                self._proofs_unavailable_reason = str(error)
                if self.settings.verify_values == "auto":
                    self.notify(f"{UNVERIFIABLE}{error}", topic="proofs")
        if self.settings.verify_values == "always":
            raise ProofsUnavailableError(
                'influx-secrets:verifyValues is "always", but values cannot be compared: '
                f"{self._proofs_unavailable_reason}"
            )
        return None

    def notify(self, *lines: str, topic: str = "") -> None:
        """Show lines to the user, each once; of lines on one topic, which calls may find side by side, the first."""
        for line in lines:
            with self._lock:
                if (topic or line) in self._seen_notices:
                    continue
                self._seen_notices.add(topic or line)
            self._notify(line)


def _may_heal(error: InfluxSecretsError) -> bool:
    """Whether an error says that the server is down, and not that the settings or the declaration cannot work."""
    if isinstance(error, TransportError):
        return error.may_heal
    if not isinstance(error, (APIError, ResponseError)):
        return False
    # A query may end too early after its 200 (influxd 2.9.1); the list before it has shown that the url is right.
    is_cut = error.path == "/api/v2/query" and (isinstance(error, ResponseError) or error.status == HTTPStatus.OK)
    return is_cut or error.status in {429, *range(500, 600)} - {501}
