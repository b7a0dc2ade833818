"""Which resource declares which key of an org."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from influx_secrets._model.other_declarations import OrgInputs
from influx_secrets._model.state import Declaration


class Conflicts(NamedTuple):
    """What stands against a declaration."""

    taken: Mapping[str, str]
    """Key to the other resource that has it."""

    exclusive: str | None
    """Another resource of the org, where one of the two is exclusive."""


class Claims:
    """The claims on one org's keys in one run: a claimed key is not removed, because it was renamed or moved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[str, str] = {}
        self._certain: set[str] = set()
        self._other_forms: dict[OrgInputs, frozenset[str]] = {}
        self._possible: set[str] = set()
        self._any_possible = False
        self._exclusive: str | None = None

    def register(self, declared: Declaration) -> Conflicts:
        """Claim the keys that a resource names, and note those that others of its program declare or may declare."""
        with self._lock:
            others = declared.others
            self._certain |= others.certain
            for org, keys in others.other_forms.items():
                self._other_forms[org] = keys | self._other_forms.get(org, frozenset())
            self._any_possible |= others.possible is None
            self._possible |= others.possible or frozenset()
            owners = {key: self._owners.setdefault(key, declared.resource) for key in declared.named}
            if declared.exclusive is True and self._exclusive is None:
                self._exclusive = declared.resource
            taken = {key: owner for key, owner in owners.items() if owner != declared.resource}
            exclusive = self._exclusive
            if exclusive == declared.resource:
                exclusive = next((owner for owner in self._owners.values() if owner != declared.resource), None)
            return Conflicts(taken, exclusive)

    def resolve(self, keys: Collection[str], is_this_org: Callable[[OrgInputs], bool]) -> None:
        """Find out whether orgs that are written in another way are this one, as far as the keys need it."""
        with self._lock:
            unresolved = [org for org, theirs in self._other_forms.items() if not theirs.isdisjoint(keys)]
        for org in unresolved:
            same = is_this_org(org)
            with self._lock:
                theirs = self._other_forms.pop(org, frozenset())
                if same:
                    self._certain |= theirs

    def protect(self, keys: Iterable[str]) -> None:
        """Keep keys from every removal of this run, although nothing declares them."""
        with self._lock:
            self._certain.update(keys)

    def may_include(self, keys: Iterable[str]) -> bool:
        """Whether a resource that was not checked yet may declare one of the keys."""
        with self._lock:
            return self._any_possible or not self._possible.isdisjoint(keys)

    def __contains__(self, key: str) -> bool:
        """Whether some resource of the program certainly declares the key."""
        return key in self._owners or key in self._certain
