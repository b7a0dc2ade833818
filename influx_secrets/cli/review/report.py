"""Review as data: findings, counts, and sorted changes of each org."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from influx_secrets._notices import Existing, ExistingKeys, parse_notices
from influx_secrets.cli.review.changes import Action, Change, Place, changes, org_names, servers
from influx_secrets.cli.review.preview import DEFAULT_PROVIDER, Preview, name_of
from influx_secrets.cli.review.warnings import Finding, FindReaders, Kind, place_order, prunes_unknown, warnings

_ACTIONS: Final = {
    Existing.ADOPTS: Action.ADOPT,
    Existing.TAKES_OVER: Action.TAKE_OVER,
    Existing.CANNOT_COMPARE: Action.COMPARE,
}
_NEW: Final = frozenset({Action.CREATE, Action.MOVE, Action.REPLACE})
"""Where the key is new to the resource, so that the provider compares the server's value."""

_MOVED: Final = {Action.TAKE_OVER: "with a new value", Action.COMPARE: "with a value that is not known yet"}

GATES: Final = (Kind.REMOVE, Kind.PRUNE, Kind.TAKE_OVER, Kind.DRIFT, Kind.UNKNOWN, Kind.ERROR)
"""What `--fail-on` can name."""

SOMEWHERE: Final = "here or on another server with an org of this id: the preview does not say"


@dataclass(frozen=True, slots=True)
class OrgReview:
    """One org: its changes, the dangerous first, and how many of its keys do not change.

    Attributes:
        shows_provider: Whether the org is one of several servers.
        server: The address of its server; None where the preview does not have it.
    """

    place: Place
    name: str | None
    server: str | None
    provider: str
    shows_provider: bool
    changes: tuple[Change, ...]
    kept: int


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that a review shows.

    Attributes:
        counts: Number of keys for each action, also where it is 0.
        gates: What `--fail-on` can name, with how often it was found; nothing that was not.
    """

    preview: Preview
    warnings: tuple[Finding, ...]
    counts: Mapping[Action, int]
    orgs: tuple[OrgReview, ...]
    gates: Mapping[Kind, int]


def review(preview: Preview, readers: FindReaders | None = None) -> Review:
    """Return what a preview does to the secrets; without `readers` nobody is asked who reads them."""
    notices = parse_notices(preview.notices)
    every = tuple(_noted(changes(preview), notices.existing))
    counts = Counter(one.action for one in every)
    found = warnings(preview, every, notices, readers)
    return Review(
        preview,
        warnings=found,
        counts={action: counts[action] for action in Action},
        orgs=tuple(_orgs(every, org_names(preview), servers(preview))),
        gates=_gates(counts, found, sum(map(prunes_unknown, preview.steps))),
    )


def _noted(changes: Sequence[Change], notices: Iterable[ExistingKeys]) -> Iterator[Change]:
    """Yield the changes; new keys may be adopted or taken over."""
    said: defaultdict[tuple[str | None, object], list[Action]] = defaultdict(list)
    for notice in notices:
        for key in notice.keys if notice.does in _ACTIONS else ():  # The steps of the preview show the others.
            said[notice.org_id, key].append(_ACTIONS[notice.does])
    # A key has several places where two servers have an org of this id.
    places = Counter((one.place.org_id, one.key) for one in changes if one.action in _NEW)
    for one in changes:
        actions = said[one.place.org_id, one.key] if one.action in _NEW else []
        if not actions:
            yield one
            continue
        somewhere = (SOMEWHERE,) if places[one.place.org_id, one.key] > 1 else ()
        if one.action is Action.CREATE:
            # Two servers, each with a line about a key of this name: the more dangerous one counts.
            yield replace(one, action=min(actions, key=list(Action).index), notes=(*one.notes, *somewhere))
        else:
            # The server has a key that moves or is written again, because it is ours. Another value is worth a note.
            moved = [_MOVED[action] for action in actions if action in _MOVED]
            yield replace(one, notes=(*one.notes, *moved, *somewhere))


def _orgs(found: Iterable[Change], names: Mapping[Place, str], addresses: Mapping[Place, str]) -> Iterator[OrgReview]:
    by_place: dict[Place, list[Change]] = {}
    for one in found:
        by_place.setdefault(one.place, []).append(one)
    several = len({place.provider for place in by_place}) > 1
    for place in sorted(by_place, key=lambda one: place_order(one, names)):
        shown = [one for one in by_place[place] if one.action is not Action.KEEP or one.source is not None]
        provider = name_of(place.provider)
        yield OrgReview(
            place=place,
            name=names.get(place, place.name),
            server=addresses.get(place),
            provider=provider,
            shows_provider=several or provider not in ("", DEFAULT_PROVIDER),
            changes=tuple(sorted(shown, key=_danger)),
            kept=len(by_place[place]) - len(shown),
        )


def _danger(change: Change) -> tuple[int, bool, str, str]:
    unknown = not isinstance(change.key, str)
    return list(Action).index(change.action), unknown, str(change.key), change.resource.urn


def _gates(counts: Mapping[Action, int], found: Iterable[Finding], unknown_prunes: int) -> dict[Kind, int]:
    kinds = Counter(one.kind for one in found)
    numbers = {
        Kind.REMOVE: counts[Action.REMOVE],
        # `--fail-on prune` also forbids prunes that a preview cannot name.
        Kind.PRUNE: counts[Action.PRUNE] + unknown_prunes,
        Kind.TAKE_OVER: counts[Action.TAKE_OVER],
        Kind.DRIFT: max(counts[Action.DRIFT] + counts[Action.REPAIR], kinds[Kind.DRIFT]),
        Kind.UNKNOWN: max(
            counts[Action.UNKNOWN] + counts[Action.COMPARE],
            kinds[Kind.UNKNOWN] + kinds[Kind.UNREACHABLE],
        ),
        Kind.ERROR: max(kinds[Kind.ERROR] - 1, 0),  # one of them only states that the rest is not complete
    }
    return {gate: number for gate, number in numbers.items() if number}
