"""The memory of one provider process: claims, values at hand, what the server holds. Nearly the only state.

The engine runs every resource of a provider in one process, and calls `check` of all that the program declares before
or beside the creates, updates and deletes. What `check` learned must be known to them, and may not reach the state.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TypeVar

from influx_secrets._client.client import SecretsClient, connect
from influx_secrets._client.retry import PREVIEW_POLICY
from influx_secrets._client.settings import Settings
from influx_secrets._client.value_proofs import KEYS_PER_QUERY, Proof, prove
from influx_secrets._errors import (
    InfluxSecretsError,
    InternalError,
    NotFoundError,
    ProofsUnavailableError,
    RateLimitedError,
    ResponseError,
    SettingsError,
    TransportError,
    UnavailableError,
)
from influx_secrets._model.keys import is_server_owned
from influx_secrets._model.state import UNKNOWN, Unknown
from influx_secrets._notices import server_unreachable, values_unverifiable
from influx_secrets._provider.check_latch import Arrivals
from influx_secrets._provider.claims import Claims, WrittenOrg
from influx_secrets._provider.group_commit import Turns

T = TypeVar("T")

_SILENCE = (SettingsError, TransportError, ResponseError, RateLimitedError, UnavailableError, InternalError)
"""What a preview takes for "could not be asked". Every other error says that the declaration cannot work."""


class Ledger:
    """What one provider process knows of its server.

    Args:
        settings: Of the server.
        say: Shows one line to the user.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.arrivals = Arrivals()
        self._say = say
        self._said: set[str] = set()
        self._lock = threading.RLock()
        self._client: SecretsClient | None = None
        self._orgs: dict[str, OrgLedger] = {}
        self._claimed_somewhere: set[str] = set()
        self._ids: dict[str, str] = {}
        self._silent = False
        self._unprovable: str | None = None

    @property
    def client(self) -> SecretsClient:
        """The one client of the process, made by the first call that sends something: most runs send nothing."""
        with self._lock:
            if self._client is None:
                self._client = connect(self.settings, self._say)
            return self._client

    def org(self, org_id: str) -> OrgLedger:
        """Return what is known of one org."""
        with self._lock:
            return self._orgs.setdefault(org_id, OrgLedger(self, org_id))

    def org_id(self, name: str, *, preview: bool) -> str | Unknown:
        """Look an org's id up, once per name; unknown in a preview that cannot ask."""
        with self._lock:
            if name not in self._ids:
                found = self.ask(lambda client: client.find_org(name).id, preview=preview)
                if found is UNKNOWN:
                    return UNKNOWN
                self._ids[name] = found
            return self._ids[name]

    def remember_org(self, name: str, org_id: str) -> None:
        """Note an id that the state holds: the check after a replacement comes without it."""
        with self._lock:
            self._ids.setdefault(name, org_id)

    def claim_somewhere(self, named: Iterable[str]) -> None:
        """Note keys whose org could not be found out: they are not removed from any org in this run."""
        with self._lock:
            self._claimed_somewhere.update(named)

    def claimed_somewhere(self, key: str) -> bool:
        """Whether a resource declares the key in an org that could not be found out."""
        return key in self._claimed_somewhere

    def is_org(self, org_id: str, written: WrittenOrg) -> bool:
        """Whether a resource's `org_id` and `org` mean this org; a name that no org has may mean any.

        The resource that wrote it fails, and what it declares is not to be removed meanwhile.
        """
        id_, name = written if written != (None, None) else (self.settings.org_id, self.settings.org)
        if id_ is not None or name is None:
            return id_ in (org_id, None)
        try:
            return self.org_id(name, preview=False) == org_id
        except NotFoundError:
            return True

    def ask(self, call: Callable[[SecretsClient], T], *, preview: bool) -> T | Unknown:
        """Ask the server something that nothing depends on in a preview.

        A preview asks once and briefly, and after a first silence no more: many resources must not wait one by one.
        """
        if not preview:
            return call(self.client)
        with self._lock:
            if self._silent:
                return UNKNOWN
            client = self.client.with_policy(PREVIEW_POLICY)  # settings that cannot work fail a preview, too
            try:
                return call(client)
            except _SILENCE as error:
                self._silent = True
                self.say(server_unreachable(error))
                return UNKNOWN

    def prove(self, org_id: str, keys: Collection[str], *, preview: bool) -> Mapping[str, Proof] | Unknown | None:
        """Return proofs of the keys' values; None where this server gives none to this token, which is said once.

        Raises:
            ProofsUnavailableError: There are none, and the settings demand them.
        """
        if self._unprovable is None and self.settings.verify_values == "never":
            self._unprovable = "verifyValues is never"
        if self._unprovable is None:
            try:
                return self.ask(lambda client: prove(client, org_id, keys), preview=preview)
            except ProofsUnavailableError as error:
                self._unprovable = str(error)
                if self.settings.verify_values == "auto":
                    self.say(values_unverifiable(error))
        if self.settings.verify_values == "always":
            raise ProofsUnavailableError(f"verifyValues is always, and {self._unprovable}")
        return None

    def say(self, line: str) -> None:
        """Show a line to the user, once."""
        with self._lock:
            if line in self._said:
                return
            self._said.add(line)
        self._say(line)


class OrgLedger:
    """What one provider process knows of one org.

    Hold `lock` around what must not be torn: "claim, list, prove", and "look at claims, remove".
    """

    def __init__(self, ledger: Ledger, org_id: str) -> None:
        self.lock = threading.RLock()
        self._turns = Turns()
        self._ledger = ledger
        self.org_id = org_id
        self._claims = Claims()
        self._values: dict[str, str] = {}
        self._listed: set[str] | None = None
        self._proofs: dict[str, Proof] = {}

    def claim(
        self, resource: str, named: Iterable[str], values: Mapping[str, str], *, exclusive: bool
    ) -> dict[str, str]:
        """Note the keys that a resource declares, and the values at hand; return key to the other resource that has it.

        A claimed key is not removed by any resource of this process: it was renamed or moved, and lives on.
        """
        with self.lock:
            taken = self._claims.claim(resource, named, exclusive=exclusive)
            self._values |= {key: value for key, value in values.items() if key not in taken}
            return taken

    def claim_elsewhere(
        self, keys: Iterable[str], otherwise: Mapping[WrittenOrg, frozenset[str]], doubtful: Iterable[str] | None
    ) -> None:
        """Note keys that other resources of the program declare, and those that they may declare (None: any).

        Whether an org of `otherwise` is this one is looked up when one of its keys is to be removed, not before.
        """
        with self.lock:
            self._claims.claim_elsewhere(keys, otherwise, doubtful)

    def may_be_claimed(self, keys: Iterable[str]) -> bool:
        """Whether a resource that was not checked yet may declare one of the keys."""
        with self.lock:
            return self._claims.may_include(keys)

    def beside_exclusive(self, resource: str) -> str | None:
        """Return another resource of the org when one of the two is exclusive, else None."""
        with self.lock:
            return self._claims.beside_exclusive(resource)

    def claimed(self, keys: Iterable[str]) -> frozenset[str]:
        """Return those of the keys that some resource of this run declares."""
        with self.lock:
            return frozenset(key for key in keys if key in self._claims or self._ledger.claimed_somewhere(key))

    def values(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the values at hand for the keys."""
        with self.lock:
            return {key: self._values[key] for key in keys if key in self._values}

    def listed(self, among: Iterable[str] | None = None, *, preview: bool = False) -> frozenset[str] | Unknown:
        """Return the org's keys, all or those among some; unknown where a preview cannot ask.

        They are asked for once, and kept true by our own writes.
        """
        with self.lock:
            if self._listed is None:
                found = self._ledger.ask(lambda client: client.list_secret_keys(self.org_id), preview=preview)
                if found is UNKNOWN:
                    return UNKNOWN
                self._listed = set(found)
            return frozenset(self._listed if among is None else self._listed.intersection(among))

    def is_emptied(self) -> bool:
        """Whether nothing is listed but credentials that the server itself keeps there."""
        with self.lock:
            return all(map(is_server_owned, self._listed or ()))

    def compare(self, digests: Mapping[str, str], *, preview: bool = False) -> dict[str, bool] | Unknown | None:
        """Return for each listed key whether its value has the digest; None where nothing can be proved."""
        with self.lock:
            unproved = [key for key in digests if key not in self._proofs]
            if unproved:
                found = self._ledger.prove(self.org_id, self._with_neighbours(unproved), preview=preview)
                if found is None or found is UNKNOWN:
                    return found
                self._proofs |= found
            return {key: self._proofs[key].matches(digest) for key, digest in digests.items()}

    def write(self, values: Mapping[str, str]) -> None:
        """Set the keys to the values, in one transaction, which those of other resources may be part of too."""
        try:
            with self._doubting():
                self._turns.writes.change(values, lambda some: self._ledger.client.upsert_secrets(self.org_id, some))
        finally:
            with self.lock:
                for key in values:
                    self._proofs.pop(key, None)
        with self.lock:
            if self._listed is not None:
                self._listed.update(values)

    def remove(self, keys: Collection[str], *, by_path: bool = False) -> None:
        """Remove the keys, but those that a resource of this run declares; in one transaction, as `write` does.

        Args:
            keys: To be removed.
            by_path: Name a key in the path of the request, with DELETE, where it is the only one after all.
        """
        with self._doubting():
            self._turns.removals.change(dict.fromkeys(keys), partial(self._remove, by_path=by_path))

    def _remove(self, keys: Collection[str], *, by_path: bool) -> None:
        with self.lock:
            self._claims.settle(keys, lambda written: self._ledger.is_org(self.org_id, written))
            gone = sorted(set(keys) - self.claimed(keys))
            if by_path and len(gone) == 1:
                self._ledger.client.delete_secret(self.org_id, *gone)
            else:
                self._ledger.client.delete_secrets(self.org_id, gone)
            if self._listed is not None:
                self._listed.difference_update(gone)

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        """After a failure the server may have acted or not: it is asked again, should anybody want to know."""
        try:
            yield
        except InfluxSecretsError:
            with self.lock:
                self._listed = None
            raise

    def _with_neighbours(self, keys: Collection[str]) -> Collection[str]:
        """Return the keys, and others of the org that fill the query up: the next resource will ask for one of them."""
        known = self._proofs.keys() | keys
        others = (key for key in self._listed or () if key not in known and not is_server_owned(key))
        return [*keys, *islice(others, -len(keys) % KEYS_PER_QUERY)]
