"""What one provider process knows of one org, and its writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Protocol, TypeVar

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.readers import Alerts
from influx_secrets._client.value_proofs import KEYS_PER_QUERY, Proof
from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.keys import is_server_owned
from influx_secrets._model.resources import Declaration
from influx_secrets._provider.census import Census, Conflicts
from influx_secrets._provider.group_commit import GroupCommit
from influx_secrets._provider.single_flight import SingleFlight

T = TypeVar("T")


class Unreachable(Exception):  # noqa: N818 (no error: what the server holds stays unknown)
    """A preview could not ask the server."""


class Server(Protocol):
    """What the session of an org needs of the session of its server, where each is explained."""

    census: Census

    @property
    def client(self) -> SecretsClient: ...
    def name_org(self, org_id: str) -> str: ...
    def ask(self, call: Callable[[SecretsClient], T], *, preview: bool) -> T: ...
    def prove(self, org_id: str, keys: Collection[str], *, preview: bool) -> Mapping[str, Proof] | None: ...


class OrgSession:
    """The values to write, and what the server holds; own writes keep that true."""

    def __init__(self, server: Server, org_id: str) -> None:
        self.org_id = org_id
        self._server = server
        self._lock = threading.Lock()
        self._reads = SingleFlight()
        self._values: dict[str, str] = {}
        self._own_changes: dict[str, bool] = {}
        self._proofs: dict[str, Proof] = {}
        self._unchanged: set[str] = set()
        """What the last query asked for, without the keys that were written since."""
        turn = threading.Lock()
        self._writes = GroupCommit(turn, self._write)
        self._removals = GroupCommit(turn, self._remove)

    def __str__(self) -> str:
        return self._server.name_org(self.org_id)

    def register(self, declared: Declaration) -> Conflicts:
        """Claim the keys of a declaration, and keep the values that its resource will write."""
        conflicts = self._server.census.claim(declared, self.org_id)
        with self._lock:
            self._values.update(
                (key, value)
                for key, value in declared.values.items()
                if isinstance(value, str) and key not in conflicts.taken
            )
        return conflicts

    def claimed(self, keys: Iterable[str]) -> frozenset[str]:
        return self._server.census.claimed(self.org_id, keys)

    def take_values(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the values of keys, as far as there are any, and forget them."""
        with self._lock:
            taken = {key: self._values.pop(key) for key in keys if key in self._values}
            # A dictionary that gets smaller keeps its room.
            self._values = self._values or {}
        return taken

    def listed(self, among: Iterable[str] | None = None, *, preview: bool = False) -> frozenset[str]:
        """Return the org's keys, all or those among some; the server is asked for them once."""
        ask = partial(self._server.ask, lambda client: frozenset(client.list_secret_keys(self.org_id)), preview=preview)
        listed: frozenset[str] = self._reads.do("list", ask)
        with self._lock:
            candidates = listed | self._own_changes.keys() if among is None else among
            return frozenset(key for key in candidates if self._own_changes.get(key, key in listed))

    def alerts(self, *, preview: bool) -> Alerts:
        """Return the org's endpoints and rules; the server is asked for them once."""
        ask = partial(self._server.ask, lambda client: client.list_alerts(self.org_id), preview=preview)
        return self._reads.do("alerts", ask)

    def has_only_server_keys(self) -> bool:
        """Whether nothing was listed but credentials that the server itself keeps there."""
        return all(map(is_server_owned, self._reads.kept("list") or ()))

    def compare(self, digests: Mapping[str, str], *, preview: bool = False) -> dict[str, bool] | None:
        """Return for each listed key whether its value has the digest; None where nothing can be proved."""
        while unproved := self._unproved(digests):
            if not self._reads.do("proofs", partial(self._prove, unproved, preview=preview), keep=False):
                return None
        with self._lock:
            return {key: self._proofs[key].matches(digest) for key, digest in digests.items()}

    def has_one_of(self, key: str, digests: Iterable[str]) -> bool:
        """Return whether the value of a compared key has one of the digests; no request."""
        proof = self._proofs.get(key)
        return proof is not None and any(map(proof.matches, digests))

    def write(self, values: Mapping[str, str]) -> None:
        """Set the keys to the values, in one transaction, which those of other resources may be part of too."""
        self._writes.commit(values)

    def remove(self, keys: Iterable[str], *, by_path: bool = False) -> None:
        """Remove the keys, but those that a resource of this run declares; in one transaction, as `write` does.

        Args:
            keys: To be removed.
            by_path: Name a key in the path of the request, with DELETE, where it is the only one after all.
        """
        self._removals.commit(dict.fromkeys(keys, by_path))

    def _unproved(self, keys: Iterable[str]) -> list[str]:
        with self._lock:
            return [key for key in keys if key not in self._proofs]

    def _prove(self, keys: Iterable[str], *, preview: bool) -> bool:
        unproved = self._unproved(keys)
        if not unproved:
            return True
        with self._lock:
            asked = self._with_prefetch(unproved)
            self._unchanged = set(asked)
        found = self._server.prove(self.org_id, asked, preview=preview)
        if found is None:
            return False
        with self._lock:
            self._proofs.update((key, proof) for key, proof in found.items() if key in self._unchanged)
        return True

    def _with_prefetch(self, keys: Collection[str]) -> Collection[str]:
        """Return the keys, and others of the org that fill the query up: the next resource will ask for one of them."""
        known = self._proofs.keys() | keys
        others = (key for key in self._reads.kept("list") or () if key not in known and not is_server_owned(key))
        prefetch_count = -len(keys) % KEYS_PER_QUERY
        return [*keys, *islice(others, prefetch_count)]

    def _write(self, values: Mapping[str, str]) -> None:
        with self._changing(values, present=True):
            self._server.client.upsert_secrets(self.org_id, values)

    def _remove(self, by_path: Mapping[str, bool]) -> None:
        with self._lock:
            gone = sorted(by_path.keys() - self.claimed(by_path))
            # From here on: who claims one of them now takes it for a new one, and writes it after this.
            self._own_changes.update(dict.fromkeys(gone, False))
        with self._changing(gone, present=False):
            if len(gone) == 1 and by_path[gone[0]]:
                self._server.client.delete_secret(self.org_id, gone[0])
            else:
                self._server.client.delete_secrets(self.org_id, gone)

    @contextmanager
    def _changing(self, keys: Iterable[str], *, present: bool) -> Iterator[None]:
        try:
            yield
            with self._lock:
                self._own_changes.update(dict.fromkeys(keys, present))
        except InfluxSecretsError:
            # The server may have acted or not: the next read asks it again.
            self._reads.forget("list")
            with self._lock:
                for key in keys:
                    self._own_changes.pop(key, None)
            raise
        finally:
            with self._lock:
                self._unchanged.difference_update(keys)
                for key in keys:
                    self._proofs.pop(key, None)
