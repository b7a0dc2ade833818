"""What happens to each key, worked out from the steps of a preview: one change per key, server and org."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from influx_secrets._model.planner import newly_pruned
from influx_secrets._model.state import UNKNOWN, Drift, ResourceState, Unknown
from influx_secrets.cli.review.preview import Preview, Resource, State, Step


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
    """An org on a server: the provider's URN stands for the server, since two servers may have orgs of one id.

    Where the id is not known yet, the org's name tells one place from another, and None stands for no name.
    """

    provider: str
    org_id: str | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one key.

    Attributes:
        key: Unknown where a resource's keys are not known yet.
        before: The version in the state; None for a key that is new to the resource.
        after: The version that the state will hold; None for a key that goes.
        resource: Which resource does it.
        source: The resource that a moved key comes from.
        drift: What a refresh found of the key.
        notes: More that a reviewer wants to know, in words of ours, without text of others.
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

    @property
    def is_new(self) -> bool:
        """Whether the resource did not manage the key before, so that the provider looks at what the server holds."""
        return self.action in _NEW


_NEW: Final = frozenset({Action.CREATE, Action.MOVE, Action.REPLACE})
_GOES: Final = frozenset({"delete", "delete-replaced", "replace", "create-replacement"})
_COMES: Final = frozenset({"create", "create-replacement", "replace", "import", "import-replacement"})
_STAYS: Final = frozenset({"same", "update"})


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key on one side of a step."""

    step: Step
    state: State
    key: str

    @property
    def version(self) -> int | Unknown | None:
        versions = self.state.record.versions
        return UNKNOWN if versions is UNKNOWN else versions.get(self.key)


@dataclass(slots=True)
class _Sides:
    """All keys before and after the run, by place."""

    before: dict[tuple[Place, str], dict[str, _Entry]] = field(default_factory=dict)
    after: dict[tuple[Place, str], _Entry] = field(default_factory=dict)
    open: dict[Place, list[State]] = field(default_factory=dict)
    """Resources whose keys are not known yet."""


def changes(preview: Preview) -> tuple[Change, ...]:
    """Return what happens to each key, those that stay as they are among them; in no order."""
    sides = _sides(preview.steps)
    found = {}
    for place, key in {**sides.before, **sides.after}:
        after = sides.after.get((place, key))
        owners = sides.before.get((place, key), {})
        if after is None:
            found[place, key] = _leaves(place, _first(owners), sides)
        else:
            found[place, key] = _stays(place, after, owners) if owners else _arrives(place, after, preview)
    for pruned in _pruned(preview.steps):
        gone = found.get((pruned.place, str(pruned.key)))
        if gone is None or gone.action is Action.RELEASE:
            found[pruned.place, str(pruned.key)] = pruned
    more = [
        Change(place, UNKNOWN, Action.UNKNOWN, one.resource) for place, states in sides.open.items() for one in states
    ]
    return (*found.values(), *more, *_only_refreshed(preview))


def place_of(state: State, provider: str | None = None) -> Place:
    """Return where the keys of a state are."""
    record, server = state.record, state.provider if provider is None else provider
    if isinstance(record.org_id, str):
        return Place(server, record.org_id)
    return Place(server, None, record.org if isinstance(record.org, str) else None)


def org_names(preview: Preview) -> dict[Place, str]:
    """Return the name of each org that some resource gives by name."""
    states = [state for step in _all_steps(preview) for state in (step.old, step.new) if state is not None]
    return {place_of(state): state.record.org for state in states if isinstance(state.record.org, str)}


def _all_steps(preview: Preview) -> Iterator[Step]:
    yield from preview.refreshed.values()
    yield from preview.steps


def _sides(steps: Iterable[Step]) -> _Sides:
    sides = _Sides()
    for step in steps:
        if step.new is not None and step.op in _COMES | _STAYS:
            place = place_of(step.new)
            if step.new.record.versions is UNKNOWN:
                sides.open.setdefault(place, []).append(step.new)
            for key in sorted(step.new.record.keys):
                sides.after[place, key] = _Entry(step, step.new, key)
        if step.old is not None and step.op in _GOES | _STAYS:
            # A resource that changes its provider takes its keys along: the engine neither writes nor removes them.
            provider = step.new.provider if step.new is not None and step.op in _STAYS else None
            for key in sorted(step.old.record.keys):
                owners = sides.before.setdefault((place_of(step.old, provider), key), {})
                # What is left over from an earlier replacement has the URN of what lives.
                if step.op in _STAYS or step.old.resource.urn not in owners:
                    owners[step.old.resource.urn] = _Entry(step, step.old, key)
    return sides


def _first(owners: Mapping[str, _Entry]) -> _Entry:
    """Return the one owner; the first by URN where a failed run left two, so that the same preview reads the same."""
    return owners[min(owners)]


def _stays(place: Place, after: _Entry, owners: Mapping[str, _Entry]) -> Change:
    """What happens to a key that is managed before and after, by the same resource or by another."""
    same = next((one for one in owners.values() if one.step is after.step and after.step.op in _STAYS), None)
    if same is not None:
        return _in_place(place, same, after)
    again = owners.get(after.state.resource.urn)
    before = again or _first(owners)
    change = Change(place, after.key, Action.REPLACE, after.state.resource, before.version, after.version)
    if again is not None:
        return change
    return replace(change, action=Action.MOVE, source=before.state.resource)


def _in_place(place: Place, before: _Entry, after: _Entry) -> Change:
    old, new, key = before.state.record, after.state.record, after.key
    change = Change(place, key, Action.KEEP, after.state.resource, before.version, after.version)
    if before.state.resource.urn != after.state.resource.urn:
        change = replace(change, source=before.state.resource)
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
    """What happens to a key that no resource managed before: a refresh may have found it gone a moment ago."""
    change = Change(place, after.key, Action.CREATE, after.state.resource, None, after.version)
    found = preview.refreshed.get(after.state.resource.urn)
    was = found.old if found is not None and after.step.op == "create" else None
    if was is not None and place_of(was) == place and after.key in was.record.keys:
        return replace(change, action=Action.REPAIR, drift="deleted")
    return change


def _leaves(place: Place, before: _Entry, sides: _Sides) -> Change:
    change = Change(place, before.key, Action.REMOVE, before.state.resource, before.version)
    if before.state.retained and before.step.op in _GOES:
        return replace(change, action=Action.RELEASE, notes=("stays on the server: retain_on_delete",))
    new = before.step.new
    if before.step.op in _STAYS and new is not None and new.record.versions is UNKNOWN:
        return replace(change, action=Action.UNKNOWN, after=UNKNOWN)
    if any(other in sides.open for other in (place, Place(place.provider, None))):
        return replace(change, notes=("unless a resource whose keys are not known yet declares it",))
    if before.step.op in _STAYS:
        return change
    return replace(
        change, notes=("its resource is deleted" if before.step.op == "delete" else "its resource is replaced",)
    )


def _pruned(steps: Iterable[Step]) -> Iterator[Change]:
    for step in steps:
        new = step.new
        if new is None or not new.record.exclusive or step.op not in _COMES | _STAYS:
            continue
        counted = step.old is not None and step.op in _STAYS
        old = step.old.record if counted and step.old is not None else ResourceState(org_id=new.record.org_id)
        for key in sorted(newly_pruned(old, new.record)):
            yield Change(place_of(new), key, Action.PRUNE, new.resource)


def _only_refreshed(preview: Preview) -> Iterator[Change]:
    """What a refresh found of resources that the rest of the run leaves alone, or that is not followed by one."""
    planned = {state.resource.urn for step in preview.steps for state in (step.old, step.new) if state is not None}
    for urn, found in preview.refreshed.items():
        if urn in planned or found.old is None:
            continue
        for key in sorted(found.old.record.keys):
            drift: Drift | None = found.new.record.drift.get(key) if found.new is not None else "deleted"
            if drift is None and not preview.refresh_told:
                continue
            action = Action.KEEP if drift is None else Action.DRIFT
            version = _Entry(found, found.old, key).version
            yield Change(place_of(found.old), key, action, found.old.resource, version, version, drift=drift)
