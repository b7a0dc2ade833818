"""Pure planning: the next state, and the calls that lead there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from influx_secrets._model.keys import digest, is_server_owned
from influx_secrets._model.state import UNKNOWN, Declaration, Drift, InvalidValue, ResourceState, Unknown

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
    old: ResourceState | None, declared: Declaration, org_id: str | Unknown, org: str | Unknown | None
) -> ResourceState:
    """Return the state that a declaration asks for, given the one in the state.

    A state of another org tells nothing about this one: its keys count as new here.
    """
    if old is not None and old.org_id != org_id:
        old = None
    if declared.keys is UNKNOWN:
        entries = _Entries(UNKNOWN, UNKNOWN, declared.rotate_on, {})
    else:
        entries = _entries(old or ResourceState(org_id=org_id), declared, declared.keys, org_id)
    return ResourceState(
        org_id=org_id,
        org=org,
        digests=entries.digests,
        versions=entries.versions,
        rotate_on=entries.rotate_on,
        overwrite=declared.overwrite,
        exclusive=declared.exclusive,
        keep=declared.keep,
        pruned=old.pruned if old is not None else {},
        drift=entries.drift,
    )


def plan(old: ResourceState | None, new: ResourceState) -> Plan:
    """Return the calls that lead from stored outputs to checked inputs; `old` is None for a resource to be created."""
    replaces = old is not None and old.org_id != new.org_id
    before = ResourceState(org_id=new.org_id) if old is None or replaces else old
    if new.versions is UNKNOWN:
        return Plan(replaces=replaces, incomplete=True)
    write = [key for key in new.versions if _differs(before, new, key)]
    left = [key for key in before.keys if key not in new.versions]
    return Plan(
        write=tuple(sorted(write)),
        remove=tuple(sorted({*left, *newly_pruned(before, new)})),
        replaces=replaces,
        moves=is_moved(old, new.server),
        incomplete=UNKNOWN in (new.org_id, new.pruned),
    )


def is_moved(old: ResourceState | None, server: str | None) -> bool:
    """Whether a state was stored at another address. One that does not say its server never counts as moved."""
    return old is not None and None not in (old.server, server) and old.server != server


def newly_pruned(old: ResourceState, new: ResourceState) -> frozenset[str]:
    """Return the keys that `exclusive` is to remove now."""
    if old.pruned is UNKNOWN or new.pruned is UNKNOWN:
        return frozenset()
    before = old.pruned
    return frozenset(key for key, count in new.pruned.items() if count != before.get(key, 0))


def prunable_keys(state: ResourceState, listed: Iterable[str], claimed: Collection[str]) -> list[str]:
    """Return the listed keys that `exclusive` removes, sorted: declared by nobody, not kept, not the server's own."""
    declared = state.keys
    return sorted(
        key
        for key in listed
        if key not in declared
        and key not in claimed
        and not is_server_owned(key)
        and not any(fnmatchcase(key, pattern) for pattern in state.keep if isinstance(pattern, str))
    )


def count_pruned(pruned: Mapping[str, int], keys: Iterable[str]) -> dict[str, int]:
    """Return the counts of removals with one more for each of the keys."""
    return {**pruned, **{key: pruned.get(key, 0) + 1 for key in keys}}


def apply_drift(state: ResourceState, found: Mapping[str, Drift]) -> tuple[dict[str, str | Unknown], dict[str, Drift]]:
    """Return the digests and the drift of a state after a refresh found some keys changed or gone.

    A drifted key loses its digest, so that no later run takes its value for known.
    """
    digests = {} if state.digests is UNKNOWN else dict(state.digests)
    digests.update(dict.fromkeys(found, ""))
    return digests, {**state.drift, **found}


@dataclass(frozen=True, slots=True)
class _Entries:
    """The part of a state that is kept key by key."""

    digests: Mapping[str, str | Unknown] | Unknown
    versions: Mapping[str, int | Unknown] | Unknown
    rotate_on: Mapping[str, str | Unknown]
    drift: Mapping[str, Drift]


def _entries(old: ResourceState, declared: Declaration, keys: Collection[str], org_id: str | Unknown) -> _Entries:
    old_digests = {} if old.digests is UNKNOWN else old.digests
    old_versions = {} if old.versions is UNKNOWN else old.versions
    digests: dict[str, str | Unknown] = {}
    versions: dict[str, int | Unknown] = {}
    rotate_on: dict[str, str | Unknown] = {}
    drift: dict[str, Drift] = {}
    for key in sorted(keys):
        value = declared.values.get(key)
        if value is None or isinstance(value, InvalidValue):
            # Left alone: nothing at hand to write, so a drift stays reported instead of repaired.
            digests[key] = old_digests.get(key, "")
            versions[key] = old_versions.get(key, 1)
            _carry(old.rotate_on, rotate_on, key)
            _carry(old.drift, drift, key)
            continue
        text = declared.rotate_on.get(key)
        digests[key] = _digest(org_id, key, value, rotates=text is not None)
        if text is not None:
            rotate_on[key] = text
        version = old_versions.get(key)
        if version is None:
            versions[key] = 1
        elif key in old.drift:
            versions[key] = _next(version)
        else:
            versions[key] = _next_if(
                version,
                before=(old_digests.get(key, ""), old.rotate_on.get(key)),
                after=(digests[key], text),
            )
    return _Entries(digests, versions, rotate_on, drift)


def _digest(org_id: str | Unknown, key: str, value: str | Unknown, *, rotates: bool) -> str | Unknown:
    if rotates:
        return ""
    if org_id is UNKNOWN or value is UNKNOWN:
        return UNKNOWN
    return digest(org_id, key, value)


def _next(version: int | Unknown) -> int | Unknown:
    return UNKNOWN if version is UNKNOWN else version + 1


def _next_if(
    version: int | Unknown,
    *,
    before: tuple[str | Unknown, str | Unknown | None],
    after: tuple[str | Unknown, str | Unknown | None],
) -> int | Unknown:
    if UNKNOWN in after:
        return UNKNOWN
    return version if before == after else _next(version)


def _carry(source: Mapping[str, T], target: dict[str, T], key: str) -> None:
    if key in source:
        target[key] = source[key]


def _differs(old: ResourceState, new: ResourceState, key: str) -> bool:
    return any(
        _entry(ours, key) != _entry(theirs, key)
        for ours, theirs in (
            (old.versions, new.versions),
            (old.digests, new.digests),
            (old.rotate_on, new.rotate_on),
        )
    ) or (key in old.drift and key not in new.drift)


def _entry(entries: Mapping[str, object] | Unknown, key: str) -> object:
    return UNKNOWN if entries is UNKNOWN else entries.get(key)
