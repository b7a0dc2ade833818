"""Who declares which key of one org: what no resource of the run may remove, because another one declares it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeAlias

WrittenOrg: TypeAlias = tuple[str | None, str | None]
"""The inputs `org_id` and `org` of a resource, as its program writes them."""


class Claims:
    """The claims on one org's keys in one run. No lock of its own: whoever has one guards what must not be torn."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._elsewhere: set[str] = set()
        self._otherwise: dict[WrittenOrg, frozenset[str]] = {}
        self._doubtful: set[str] = set()
        self._doubt_all = False
        self._exclusive: str | None = None

    def claim(self, resource: str, named: Iterable[str], *, exclusive: bool) -> dict[str, str]:
        """Note the keys that a resource declares; return key to the other resource that has it."""
        keys = list(named)
        taken = {key: self._owners[key] for key in keys if self._owners.get(key, resource) != resource}
        self._owners |= {key: resource for key in keys if key not in taken}
        if exclusive and self._exclusive is None:
            self._exclusive = resource
        return taken

    def claim_elsewhere(
        self, keys: Iterable[str], otherwise: Mapping[WrittenOrg, frozenset[str]], doubtful: Iterable[str] | None
    ) -> None:
        """Note keys that other resources of the program declare on this org, or may declare.

        Args:
            keys: Certainly declared on this org.
            otherwise: Orgs that are written in another way than this one's, and may be it, to keys declared there.
            doubtful: Keys that may be declared on this org; None: any key may be.
        """
        self._elsewhere.update(keys)
        for written, theirs in otherwise.items():
            self._otherwise[written] = theirs | self._otherwise.get(written, frozenset())
        if doubtful is None:
            self._doubt_all = True
        else:
            self._doubtful.update(doubtful)

    def settle(self, keys: Collection[str], is_this: Callable[[WrittenOrg], bool]) -> None:
        """Find out whether orgs that are written in another way are this one, as far as the keys need it."""
        for written in [written for written, theirs in self._otherwise.items() if not theirs.isdisjoint(keys)]:
            same = is_this(written)
            theirs = self._otherwise.pop(written)
            if same:
                self._elsewhere |= theirs

    def may_include(self, keys: Iterable[str]) -> bool:
        """Whether a resource that was not checked yet may declare one of the keys."""
        return self._doubt_all or not self._doubtful.isdisjoint(keys)

    def beside_exclusive(self, resource: str) -> str | None:
        """Return another resource of the org when one of the two is exclusive, else None."""
        if self._exclusive is None:
            return None
        if self._exclusive != resource:
            return self._exclusive
        return next((other for other in self._owners.values() if other != resource), None)

    def __contains__(self, key: str) -> bool:
        """Whether some resource of the program certainly declares the key."""
        return key in self._owners or key in self._elsewhere
