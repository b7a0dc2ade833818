"""Changes per key, server and org, derived from the steps of a preview."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NamedTuple

from influx_secrets._model.planner import is_moved, newly_pruned
from influx_secrets._model.resources import UNKNOWN, Drift, ResourceState, Unknown
from influx_secrets.cli.review.preview import Preview, Resource, Side, Step


class Action(Enum):
    """What happens to a key, the most dangerous first: tables are sorted so."""

    REMOVE = "remove"
    PRUNE = "prune"
    TAKE_OVER = "take over"
    COMPARE = "compare"
    UNKNOWN = "unknown"
    DRIFT = "drift"
    REPAIR = "repair"
    ROTATE = "rotate"
    REPLACE = "replace"
    MOVE = "move"
    ADOPT = "adopt"
    CREATE = "create"
    RELEASE = "release"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Place:
    """An org on a server. The provider's URN stands for the server, because two servers may have orgs of one id.

    Attributes:
        name: The org's name where its id is not known yet; else None.
    """

    provider: str
    org_id: str | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one key.

    Attributes:
        key: Unknown where the keys of a resource are not known yet.
        before: The version in the state; None for a key that is new to the resource.
        after: The version that the state will hold; None for a key that is removed.
        source: The resource that managed a moved key before.
        notes: More for a reviewer, without untrusted text.
    """

    place: Place
    key: str | Unknown
    action: Action
    resource: Resource
    before: int | Unknown | None = None
    after: int | Unknown | None = None
    source: Resource | None = None
    drift: Drift | None = None
    notes: tuple[str, ...] = ()


_GOES: Final = frozenset({"delete", "delete-replaced", "replace", "create-replacement"})
_COMES: Final = frozenset({"create", "create-replacement", "replace", "import", "import-replacement"})
_STAYS: Final = frozenset({"same", "update"})


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key on one side of a step."""

    step: Step
    side: Side
    key: str

    @property
    def resource(self) -> Resource:
        return self.side.resource

    @property
    def version(self) -> int | Unknown | None:
        state = self.side.state
        return state.versions.get(self.key) if state.keys_known else UNKNOWN


class _Keys(NamedTuple):
    """All keys before and after the run, by place; those before by URN, as a failed run may have left several owners.

    In `open` are resources whose keys are not known yet.
    """

    before: dict[tuple[Place, str], dict[str, _Entry]]
    after: dict[tuple[Place, str], _Entry]
    open: dict[Place, list[Resource]]


def changes(preview: Preview) -> tuple[Change, ...]:
    """Return the change of each key, unchanged keys included; in no order."""
    keys = _keys(preview.steps)
    found = {}
    for place, key in {**keys.before, **keys.after}:
        after = keys.after.get((place, key))
        owners = keys.before.get((place, key), {})
        if after is None:
            found[place, key] = _leaves(place, _first(owners), keys)
        else:
            found[place, key] = _stays(place, after, owners) if owners else _arrives(place, after, preview)
    for pruned in _pruned(preview.steps):
        gone = found.get((pruned.place, str(pruned.key)))
        if gone is None or gone.action is Action.RELEASE:
            found[pruned.place, str(pruned.key)] = pruned
    more = [Change(place, UNKNOWN, Action.UNKNOWN, one) for place, some in keys.open.items() for one in some]
    return (*found.values(), *more, *_only_refreshed(preview))


def place_of(side: Side, provider: str | None = None) -> Place:
    """Return the place of a resource's keys."""
    state, server = side.state, side.provider if provider is None else provider
    if isinstance(state.org_id, str):
        return Place(server, state.org_id)
    return Place(server, None, state.org if isinstance(state.org, str) else None)


def org_names(preview: Preview) -> dict[Place, str]:
    """Return the name of each org that some resource gives by name."""
    return {place_of(side): side.state.org for side in preview.sides if isinstance(side.state.org, str)}


def servers(preview: Preview) -> dict[Place, str]:
    """Return the address of each org's server, as far as the preview has it: that of this run before a stored one."""
    return {place_of(side): side.state.server for side in preview.sides if side.state.server is not None}


def _keys(steps: Iterable[Step]) -> _Keys:
    keys = _Keys({}, {}, {})
    for step in steps:
        if step.new is not None and step.op in _COMES | _STAYS:
            place = place_of(step.new)
            if not step.new.state.keys_known:
                keys.open.setdefault(place, []).append(step.new.resource)
            for key in sorted(step.new.state.keys):
                keys.after[place, key] = _Entry(step, step.new, key)
        if step.old is not None and step.op in _GOES | _STAYS:
            # The engine neither writes nor removes the keys of a resource that changes its provider.
            provider = step.new.provider if step.new is not None and step.op in _STAYS else None
            for key in sorted(step.old.state.keys):
                owners = keys.before.setdefault((place_of(step.old, provider), key), {})
                # A leftover of an earlier replacement has the URN of the live resource.
                if step.op in _STAYS or step.old.resource.urn not in owners:
                    owners[step.old.resource.urn] = _Entry(step, step.old, key)
    return keys


def _first(owners: Mapping[str, _Entry]) -> _Entry:
    """Return the first owner by URN, so that the same preview always reads the same."""
    return owners[min(owners)]


def _stays(place: Place, after: _Entry, owners: Mapping[str, _Entry]) -> Change:
    """Return the change of a key that is managed before and after, by the same resource or by another."""
    same = next((one for one in owners.values() if one.step is after.step and after.step.op in _STAYS), None)
    if same is not None:
        return _in_place(place, same, after)
    again = owners.get(after.resource.urn)
    before = again or _first(owners)
    change = Change(place, after.key, Action.REPLACE, after.resource, before.version, after.version)
    return change if again is not None else replace(change, action=Action.MOVE, source=before.resource)


def _in_place(place: Place, before: _Entry, after: _Entry) -> Change:
    old, new, key = before.side.state, after.side.state, after.key
    change = Change(place, key, Action.KEEP, after.resource, before.version, after.version)
    if before.resource.urn != after.resource.urn:
        change = replace(change, source=before.resource)
    if key in new.drift:
        return replace(change, action=Action.DRIFT, drift=new.drift[key])
    if after.version is UNKNOWN:
        return replace(change, action=Action.UNKNOWN)
    if before.version == after.version:
        return change
    if key in old.drift:
        return replace(change, action=Action.REPAIR, drift=old.drift[key])
    rotated = old.rotate_on.get(key) != new.rotate_on.get(key)
    return replace(change, action=Action.ROTATE, notes=("rotate_on changes",) if rotated else ())


def _arrives(place: Place, after: _Entry, preview: Preview) -> Change:
    """Return the change of a key that no resource managed before, unless a refresh of this run found it gone."""
    change = Change(place, after.key, Action.CREATE, after.resource, None, after.version)
    found = preview.refreshed.get(after.resource.urn)
    was = found.old if found is not None and after.step.op == "create" else None
    if was is not None and place_of(was) == place and after.key in was.state.keys:
        return replace(change, action=Action.REPAIR, drift="deleted")
    return change


def _leaves(place: Place, before: _Entry, keys: _Keys) -> Change:
    change = Change(place, before.key, Action.REMOVE, before.resource, before.version)
    if before.side.retained and before.step.op in _GOES:
        return replace(change, action=Action.RELEASE, notes=("stays on the server: retain_on_delete",))
    new = before.step.new
    if new is not None and new.provider == before.side.provider and is_moved(before.side.state, new.state.server):
        return replace(change, action=Action.RELEASE, notes=("stays on the server of the state, which is another one",))
    if before.step.op in _STAYS and new is not None and not new.state.keys_known:
        return replace(change, action=Action.UNKNOWN, after=UNKNOWN)
    if any(other in keys.open for other in (place, Place(place.provider, None))):
        return replace(change, notes=("unless a resource whose keys are not known yet declares it",))
    if before.step.op in _STAYS:
        return change
    note = "its resource is deleted" if before.step.op == "delete" else "its resource is replaced"
    return replace(change, notes=(note,))


def _pruned(steps: Iterable[Step]) -> Iterator[Change]:
    for step in steps:
        new = step.new
        if new is None or not new.state.exclusive or step.op not in _COMES | _STAYS:
            continue
        old = step.old.state if step.old is not None and step.op in _STAYS else ResourceState(org_id=new.state.org_id)
        for key in sorted(newly_pruned(old, new.state)):
            yield Change(place_of(new), key, Action.PRUNE, new.resource)


def _only_refreshed(preview: Preview) -> Iterator[Change]:
    """Yield what a refresh found of resources that have no planned step."""
    planned = {side.resource.urn for step in preview.steps for side in (step.old, step.new) if side is not None}
    for urn, found in preview.refreshed.items():
        if urn in planned or found.old is None:
            continue
        for key in sorted(found.old.state.keys):
            drift: Drift | None = found.new.state.drift.get(key) if found.new is not None else "deleted"
            if drift is None and not preview.refresh_told:
                continue
            action = Action.KEEP if drift is None else Action.DRIFT
            version = _Entry(found, found.old, key).version
            yield Change(place_of(found.old), key, action, found.old.resource, version, version, drift=drift)
