"""Which resources of a run declare which keys, whatever process of the run checks them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from influx_secrets._model.resources import Declaration, ResourceState
from influx_secrets._run_register import PROGRAM, Register

PATIENCE_SECONDS: Final = 2.0
"""How long a removal waits for the next `check`; in one program they come within milliseconds of each other."""

_POLL_SECONDS: Final = 0.02
_ANY_ORG: Final = ""


class Conflicts(NamedTuple):
    """What stands against a declaration."""

    taken: Mapping[str, str]
    """Key to the other resource that has it."""
    exclusive: str | None
    """Another resource of the org, where one of the two is exclusive."""


class Census:
    """The claims of one run: a claimed key is not removed, because it was renamed or moved.

    A key is claimed on an org id, whatever the address: two addresses may lead to one server. Two resources are in
    conflict only on the same org id and the same address.

    Args:
        register: Of the run; without one, only the claims of this process are known.
        server: Address of the server of this process.
        max_waiters: How many threads may wait; one of those that serve the engine has to be free for a `check`.
        patience: How long to wait for the next check, in seconds.
    """

    def __init__(
        self, register: Register | None, server: str, max_waiters: int, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._register = register
        self._is_destroy = None if register is None else register.engine.is_destroy
        self._server = self._mark(server)
        self._max_waiters = max_waiters
        self._patience = patience
        self._changed = threading.Condition()
        self._waiters = 0
        self._expected = 0
        self._arrived: set[str] = set()
        self._gave_up_at = -1
        self._program: dict[str, dict[str, Any]] = {}
        self._knows_program = False
        self._protected: defaultdict[str, set[str]] = defaultdict(set)
        self._owners: defaultdict[str, dict[str, dict[str, str]]] = defaultdict(dict)
        """Org to server to key to the resource that declares it; all but the resource are marks."""
        self._exclusive: dict[tuple[str, str], str] = {}

    @property
    def is_destroy(self) -> bool:
        """Whether the run may be a destroy: nothing was checked in it, and its command is not `pulumi up`."""
        if self._is_destroy is False:
            return False
        with self._changed:
            if self._is_destroy is None:
                self._read()  # not in a destroy: for each of its resources that takes longer than all else here
            return not self._arrived

    def claim(self, declared: Declaration, org_id: str | None) -> Conflicts:
        """Claim the keys that a resource names on an org, or on every org where its org is not known."""
        marks = {self._mark(key): key for key in declared.named}
        org = _ANY_ORG if org_id is None else self._mark(org_id)
        entry = {
            "resource": declared.resource,
            "server": self._server,
            "org": org,
            "keys": list(marks),
            "exclusive": declared.exclusive is True,
        }
        if self._register is not None:
            self._register.append(entry)
        # After it told them: of two that claim one key at the same time, at least one sees the other.
        with self._changed:
            self._read()
            self._add(entry)
            self._expected = max(self._expected, self._count(declared))
            self._changed.notify_all()
            return self._conflicts(entry, marks)

    def _count(self, declared: Declaration) -> int:
        """Return how many resources can arrive here: without a register, those of other providers cannot."""
        counts, own = declared.resources, declared.provider
        return counts[own] if self._register is None and own is not None and own < len(counts) else sum(counts)

    def protect(self, org_id: str, keys: Iterable[str]) -> None:
        """Keep keys from every removal of this process, although no checked resource declares them."""
        with self._changed:
            self._protected[self._mark(org_id)].update(map(self._mark, keys))

    def claimed(self, org_id: str, keys: Iterable[str]) -> frozenset[str]:
        """Return those of the keys that some checked resource of the run declares."""
        with self._changed:
            self._read()
            org = self._mark(org_id)
            claims = [*self._owners[org].values(), *self._owners[_ANY_ORG].values(), self._protected[org]]
            return self._among(keys, claims)

    def declared_later(self, declared: Declaration, state: ResourceState, keys: Iterable[str]) -> frozenset[str]:
        """Return the keys that a resource certainly declares on the same org which was not checked yet.

        Does not wait: the engine checks one resource after the other (seen with Pulumi 3.259.0).
        """
        with self._changed:
            self._read()
            later = [
                told["keys"] or () for told in self._program.values() if self._is_on(told, state, declared.provider)
            ]
        return self._among(keys, [set().union(*later)])

    def claimed_elsewhere(self, org_id: str, keys: Iterable[str]) -> list[str]:
        """Return those of the keys that only resources with another url declare: it may lead to another server."""
        with self._changed:
            self._read()
            org = self._mark(org_id)
            ours = [self._owners[org].get(self._server, {}), *self._owners[_ANY_ORG].values(), self._protected[org]]
            theirs = [owners for server, owners in self._owners[org].items() if server != self._server]
            found = self._among(keys, theirs)
            return sorted(found - self._among(found, ours))

    def undecided(self, state: ResourceState, keys: Collection[str], *, wait: bool = True) -> dict[str, str]:
        """Return the keys that a resource may declare which was not checked, with that resource.

        Waits until every such resource was checked, so that a key which moves is claimed by its new owner. The wait for
        one that is not checked meanwhile (it depends on the caller, or on something slow, or is outside `--target`) is
        short.
        """
        marks = {self._mark(key): key for key in keys}
        with self._changed:
            can_wait = wait and self._waiters < self._max_waiters
            self._waiters += can_wait
            try:
                return self._wait(state, marks) if can_wait else self._pending(state, marks)
            finally:
                self._waiters -= can_wait

    def _wait(self, state: ResourceState, marks: Mapping[str, str]) -> dict[str, str]:
        seen, deadline = -1, 0.0
        while (pending := self._pending(state, marks)) and len(self._arrived) != self._gave_up_at:
            if len(self._arrived) != seen:
                seen, deadline = len(self._arrived), time.monotonic() + self._patience
            elif time.monotonic() >= deadline:
                self._gave_up_at = seen  # the next one does not wait for the same resources again
            else:
                self._changed.wait(min(_POLL_SECONDS, self._patience))
        return pending

    def _pending(self, state: ResourceState, marks: Mapping[str, str]) -> dict[str, str]:
        self._read()
        if not self._knows_program:
            return dict.fromkeys(marks.values(), "another resource") if len(self._arrived) < self._expected else {}
        found: dict[str, str] = {}
        for name, told in self._program.items():
            if self._is_on(told, state) is not False:
                keys = marks if told["keys"] is None else marks.keys() & told["keys"]
                found |= {marks[mark]: name for mark in keys}
        return found

    def _is_on(self, told: Mapping[str, Any], state: ResourceState, provider: int | None = None) -> bool | None:
        """Whether an unchecked resource is on the org of a state; None where that is not known before its check."""
        if told["org_id"]:
            return bool(told["org_id"] == self._mark(str(state.org_id)))
        if told["org"] and isinstance(state.org, str):
            if told["org"] != self._mark(state.org.strip()):
                return False
            return True if told["provider"] == provider else None
        return None

    def _among(self, keys: Iterable[str], claims: Iterable[Collection[str]]) -> frozenset[str]:
        """Return those of the keys whose marks are in one of the claims."""
        known = list(filter(None, claims))
        marks = {key: self._mark(key) for key in keys} if known else {}
        return frozenset(key for key, mark in marks.items() if any(mark in some for some in known))

    def _mark(self, text: str) -> str:
        return text if self._register is None else self._register.mark(text)

    def _read(self) -> None:
        for writer, entry in self._register.news() if self._register is not None else ():
            if writer != PROGRAM:
                self._add(entry)
                continue
            self._knows_program = True
            if entry["resource"] not in self._arrived:
                self._program[entry["resource"]] = entry

    def _add(self, entry: Mapping[str, Any]) -> None:
        resource, place = entry["resource"], (entry["org"], entry["server"])
        self._arrived.add(resource)
        self._program.pop(resource, None)
        owners = self._owners[entry["org"]].setdefault(entry["server"], {})
        for key in entry["keys"]:
            owners.setdefault(key, resource)
        if entry["exclusive"]:
            self._exclusive.setdefault(place, resource)

    def _conflicts(self, entry: Mapping[str, Any], marks: Mapping[str, str]) -> Conflicts:
        if entry["org"] == _ANY_ORG:
            return Conflicts({}, None)
        resource, place = entry["resource"], (entry["org"], entry["server"])
        owners = self._owners[entry["org"]][entry["server"]]
        taken = {key: owners[mark] for mark, key in marks.items() if owners[mark] != resource}
        exclusive = self._exclusive.get(place)
        if exclusive == resource:
            exclusive = next((owner for owner in owners.values() if owner != resource), None)
        return Conflicts(taken, exclusive)
