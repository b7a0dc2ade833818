"""Changes completed by what the provider logged: which new keys it adopts or takes over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from influx_secrets._notices import Existing, ExistingKeys
from influx_secrets.cli.review.changes import Action, Change

_ACTIONS: Final = {
    Existing.ADOPTS: Action.ADOPT,
    Existing.TAKES_OVER: Action.TAKE_OVER,
    Existing.CANNOT_COMPARE: Action.COMPARE,
}
_MOVED: Final = {
    Action.ADOPT: (),
    Action.TAKE_OVER: ("with a new value",),
    Action.COMPARE: ("with a value that is not known yet",),
}

SOMEWHERE: Final = "here or on another server with an org of this id: the preview does not say"


def apply_notices(changes: Iterable[Change], notices: Iterable[ExistingKeys]) -> tuple[Change, ...]:
    """Return the changes; new keys may be adopted or taken over."""
    found = list(changes)
    # A key has several places where two servers have an org of this id.
    new: dict[tuple[str | None, object], list[int]] = {}
    for number, one in enumerate(found):
        if one.is_new:
            new.setdefault((one.place.org_id, one.key), []).append(number)
    for notice in notices:
        if notice.does not in _ACTIONS:
            continue  # The steps of the preview show it.
        for key in notice.keys:
            places = new.get((notice.org_id, key), [])
            for number in places:
                change = _applied(found[number], _ACTIONS[notice.does])
                noted = len(places) > 1 and SOMEWHERE not in change.notes
                found[number] = replace(change, notes=(*change.notes, SOMEWHERE)) if noted else change
    return tuple(found)


def _applied(change: Change, action: Action) -> Change:
    if change.action is Action.CREATE:
        return replace(change, action=action)
    if change.action not in _MOVED:
        # The server has a key that moves or is written again, because it is ours. Another value is worth a note.
        return replace(change, notes=(*change.notes, *_MOVED[action]))
    # Two servers, each with a line about a key of this name: the more dangerous one counts.
    return change if change.action is Action.TAKE_OVER or action is Action.ADOPT else replace(change, action=action)
