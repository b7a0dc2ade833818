"""Pure planning: the next state, and the calls that lead there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TypeVar

from influx_secrets._model.keys import digest, is_server_owned
from influx_secrets._model.resources import UNKNOWN, Declaration, Drift, InvalidValue, ResourceState, Unknown

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls that lead from one state to the next.

    Attributes:
        write: Keys whose value goes into the one PATCH, sorted.
        remove: Keys that go into the one POST delete, sorted: no longer declared, or pruned.
        replaces: Whether the state belongs to another org now, which takes a replacement.
        moves: Whether the keys are reached at another address of their server now.
        incomplete: Whether something is not known yet, so that there may be more to do than the keys named here.
    """

    write: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replaces: bool = False
    moves: bool = False
    incomplete: bool = False

    def __bool__(self) -> bool:
        return bool(self.write or self.remove or self.replaces or self.moves or self.incomplete)


def next_state(
    old: ResourceState | None,
    declared: Declaration,
    org_id: str | Unknown,
    org: str | Unknown | None,
    server: str | None = None,
) -> ResourceState:
    """Return the state that a declaration asks for, given the one in the state.

    A state of another org tells nothing about this one: its keys count as new here.
    """
    before = old if old is not None and old.org_id == org_id else ResourceState(org_id=org_id)
    digests: dict[str, str | Unknown] = {}
    versions: dict[str, int | Unknown] = {}
    rotate_on = {} if declared.keys_known else dict(declared.rotate_on)
    drift: dict[str, Drift] = {}
    for key in sorted(declared.keys):
        value = declared.values.get(key)
        if value is None or isinstance(value, InvalidValue):
            # Left alone: there is nothing to write, so a drift stays reported instead of repaired.
            digests[key] = before.digests.get(key, "")
            versions[key] = before.versions.get(key, 1)
            _carry(before.rotate_on, rotate_on, key)
            _carry(before.drift, drift, key)
            continue
        text = declared.rotate_on.get(key)
        if text is not None:
            rotate_on[key] = text
        digests[key] = _digest(org_id, key, value) if text is None else ""
        versions[key] = _next_version(before, key, digests[key], text)
    return ResourceState(
        org_id=org_id,
        org=org,
        digests=digests,
        versions=versions,
        keys_known=declared.keys_known,
        rotate_on=rotate_on,
        overwrite=declared.overwrite,
        exclusive=declared.exclusive,
        keep=declared.keep,
        pruned=before.pruned,
        pruned_known=before.pruned_known,
        drift=drift,
        server=server,
    )


def plan(old: ResourceState | None, new: ResourceState) -> Plan:
    """Return the calls that lead from stored outputs to checked inputs; `old` is None for a resource to be created."""
    replaces = old is not None and old.org_id != new.org_id
    before = ResourceState(org_id=new.org_id) if old is None or replaces else old
    if not new.keys_known:
        return Plan(replaces=replaces, incomplete=True)
    left = [key for key in before.versions if key not in new.versions]
    return Plan(
        write=tuple(sorted(key for key in new.versions if _differs(before, new, key))),
        remove=tuple(sorted({*left, *newly_pruned(before, new)})),
        replaces=replaces,
        moves=is_moved(old, new.server),
        incomplete=new.org_id is UNKNOWN or not new.pruned_known,
    )


def is_moved(old: ResourceState | None, server: str | None) -> bool:
    """Whether a state was stored at another address. One that does not say its server never counts as moved."""
    return old is not None and None not in (old.server, server) and old.server != server


def newly_pruned(old: ResourceState, new: ResourceState) -> frozenset[str]:
    """Return the keys that `exclusive` is to remove now."""
    if not (old.pruned_known and new.pruned_known):
        return frozenset()
    return frozenset(key for key, count in new.pruned.items() if count != old.pruned.get(key, 0))


def prunable_keys(state: ResourceState, listed: Iterable[str], claimed: Collection[str]) -> list[str]:
    """Return the listed keys that `exclusive` removes, sorted: declared by nobody, not kept, not the server's own."""
    return sorted(
        key
        for key in listed
        if key not in state.versions
        and key not in claimed
        and not is_server_owned(key)
        and not any(fnmatchcase(key, pattern) for pattern in state.keep if isinstance(pattern, str))
    )


def with_pruned(state: ResourceState, keys: Iterable[str]) -> ResourceState:
    return replace(state, pruned={**state.pruned, **{key: state.pruned.get(key, 0) + 1 for key in keys}})


def with_drift(state: ResourceState, found: Mapping[str, Drift]) -> ResourceState:
    """Return the state after a refresh found some keys changed or gone.

    A drifted key loses its digest, so that no later run takes its value for known.
    """
    return replace(state, digests={**state.digests, **dict.fromkeys(found, "")}, drift={**state.drift, **found})


def rewritten(state: ResourceState) -> ResourceState:
    """Return the state of a resource that is replaced on its org: `create` writes every key again, and prunes anew."""
    found: dict[str, Drift] = dict.fromkeys(state.keys - state.drift.keys(), "changed")
    return replace(with_drift(state, found), pruned={})


def _digest(org_id: str | Unknown, key: str, value: str | Unknown) -> str | Unknown:
    return UNKNOWN if org_id is UNKNOWN or value is UNKNOWN else digest(org_id, key, value)


def _next_version(
    before: ResourceState, key: str, new_digest: str | Unknown, text: str | Unknown | None
) -> int | Unknown:
    version = before.versions.get(key)
    if version is None:
        return 1
    if version is UNKNOWN:
        return UNKNOWN
    if key not in before.drift:
        if UNKNOWN in (new_digest, text):
            return UNKNOWN
        if (before.digests.get(key, ""), before.rotate_on.get(key)) == (new_digest, text):
            return version
    return version + 1


def _carry(source: Mapping[str, T], target: dict[str, T], key: str) -> None:
    if key in source:
        target[key] = source[key]


def _differs(old: ResourceState, new: ResourceState, key: str) -> bool:
    return (
        old.versions.get(key) != new.versions[key]
        or old.digests.get(key) != new.digests.get(key)
        or old.rotate_on.get(key) != new.rotate_on.get(key)
        or (key in old.drift and key not in new.drift)
    )
