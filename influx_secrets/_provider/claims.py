"""Which resource declares which key of an org."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from influx_secrets._model.state import Declaration

OrgInputs: TypeAlias = tuple[str | None, str | None]
"""The inputs `org_id` and `org` of a resource, as its program writes them."""


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
        self._elsewhere: set[str] = set()
        self._otherwise: dict[OrgInputs, frozenset[str]] = {}
        self._doubtful: set[str] = set()
        self._doubt_all = False
        self._exclusive: str | None = None

    def register(self, declared: Declaration) -> Conflicts:
        """Claim the keys that a resource names, and note those that others of its program declare or may declare."""
        with self._lock:
            self._elsewhere |= declared.elsewhere
            for org, keys in declared.otherwise.items():
                self._otherwise[org] = keys | self._otherwise.get(org, frozenset())
            self._doubt_all |= declared.doubtful is None
            self._doubtful |= declared.doubtful or frozenset()
            owners = {key: self._owners.setdefault(key, declared.resource) for key in declared.named}
            if declared.exclusive is True and self._exclusive is None:
                self._exclusive = declared.resource
            taken = {key: owner for key, owner in owners.items() if owner != declared.resource}
            return Conflicts(taken, self._exclusive_conflict(declared.resource))

    def resolve(self, keys: Collection[str], is_this_org: Callable[[OrgInputs], bool]) -> None:
        """Find out whether orgs that are written in another way are this one, as far as the keys need it."""
        with self._lock:
            unresolved = [org for org, theirs in self._otherwise.items() if not theirs.isdisjoint(keys)]
        for org in unresolved:
            same = is_this_org(org)
            with self._lock:
                theirs = self._otherwise.pop(org, frozenset())
                if same:
                    self._elsewhere |= theirs

    def may_include(self, keys: Iterable[str]) -> bool:
        """Whether a resource that was not checked yet may declare one of the keys."""
        with self._lock:
            return self._doubt_all or not self._doubtful.isdisjoint(keys)

    def __contains__(self, key: str) -> bool:
        """Whether some resource of the program certainly declares the key."""
        return key in self._owners or key in self._elsewhere

    def _exclusive_conflict(self, resource: str) -> str | None:
        if self._exclusive in {None, resource}:
            others = self._owners.values() if self._exclusive else ()
            return next((other for other in others if other != resource), None)
        return self._exclusive
