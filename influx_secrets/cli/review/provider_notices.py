"""What the provider said during a preview, brought together with the changes: which new keys it adopts or takes over.

A line names keys as `_lifecycle` shows them: cut, escaped, and ten at most. So no line is taken apart; the keys that
are new in the org are looked for in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from influx_secrets._text import quote
from influx_secrets.cli.review.changes import Action, Change

_UNASKED: Final = "the server could not be asked, so this preview cannot show what it holds: "
_KINDS: Final = (
    ("adopts", Action.ADOPT, "already there with the declared value"),
    ("takes over", Action.TAKE_OVER, "already there, and overwrite is set"),
    ("cannot compare yet", Action.COMPARE, "already there; with another value `up` will refuse"),
)
_MOVED: Final = {
    Action.ADOPT: (),
    Action.TAKE_OVER: ("with a new value",),
    Action.COMPARE: ("with a value that is not known yet",),
}
_MORE: Final = re.compile(r" and (\d+) more")

PERHAPS: Final = "perhaps: the preview names ten keys and counts the rest"
PERHAPS_ADOPTED: Final = "or adopted: the preview names ten keys and counts the rest"
SOMEWHERE: Final = "here or on another server with an org of this id: the preview does not say"


@dataclass(frozen=True, slots=True)
class Heard:
    """Changes that know what the provider said, and what it said besides.

    Attributes:
        changes: As given, but that new keys may be adopted or taken over.
        unasked: Why servers could not be asked, a text each.
        remarks: All other lines.
    """

    changes: tuple[Change, ...]
    unasked: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """One line about keys of an org."""

    action: Action
    org_id: str
    names: str


@dataclass(frozen=True, slots=True)
class _New:
    """The keys of one org that are new to their resources. Made once: a fleet has a line for each of its resources.

    Attributes:
        keys: Sorted, as the provider names them.
        places: Where the changes of a key stand; more than one where two servers have an org of this id.
        numbers: What a line calls a key to the numbers of the keys that it calls so.
        lengths: Of all these names.
    """

    keys: Sequence[str]
    places: Mapping[str, Sequence[int]]
    numbers: Mapping[str, Sequence[int]]
    lengths: Sequence[int]


def hear(changes: Iterable[Change], notices: Iterable[str]) -> Heard:
    """Bring the provider's lines together with the changes."""
    heard = list(changes)
    new = _new_keys(heard)
    unasked: list[str] = []
    remarks: list[str] = []
    for line in notices:
        said = _said(line)
        if said is not None:
            _apply(heard, said, new.get(said.org_id, _NOTHING_NEW))
        elif line.startswith(_UNASKED):
            unasked.append(line.removeprefix(_UNASKED))
        else:
            remarks.append(line)
    return Heard(tuple(heard), tuple(sorted(set(unasked))), tuple(sorted(set(remarks))))


_NOTHING_NEW: Final = _New((), {}, {}, ())


def _new_keys(changes: Sequence[Change]) -> dict[str, _New]:
    """Return org id to its new keys."""
    places: dict[str, dict[str, list[int]]] = {}
    for number, one in enumerate(changes):
        if one.is_new and isinstance(one.key, str) and one.place.org_id is not None:
            places.setdefault(one.place.org_id, {}).setdefault(one.key, []).append(number)
    return {org_id: _new_of(found) for org_id, found in places.items()}


def _new_of(places: Mapping[str, Sequence[int]]) -> _New:
    keys = sorted(places)
    numbers: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        numbers.setdefault(quote(key), []).append(number)
    return _New(keys, places, numbers, sorted({len(name) for name in numbers}))


def _said(line: str) -> _Said | None:
    for does, action, why in _KINDS:
        found = re.fullmatch(
            rf"{does} the keys? (?P<names>.*) of the org (?P<org>[0-9a-f]{{16}}): {re.escape(why)}", line
        )
        if found is not None:
            return _Said(action, found["org"], found["names"])
    return None


def _apply(changes: list[Change], said: _Said, new: _New) -> None:
    def is_open(key: str) -> bool:
        return any(changes[number].action not in _MOVED for number in new.places[key])

    certain, perhaps = _named(said.names, new, is_open)
    for key in (*certain, *perhaps):
        several = len(new.places[key]) > 1
        for number in new.places[key]:
            told = _told(changes[number], said.action, certain=key in certain)
            noted = several and SOMEWHERE not in told.notes
            changes[number] = replace(told, notes=(*told.notes, SOMEWHERE)) if noted else told


def _told(change: Change, action: Action, *, certain: bool) -> Change:
    """Return a new key's change with what the provider does to it."""
    if change.action in _MOVED:
        # Two servers, and a line of each about a key of this name: the more dangerous counts.
        return change if change.action is Action.TAKE_OVER or action is Action.ADOPT else replace(change, action=action)
    if change.action is not Action.CREATE:
        # A key that moves or is written again is there, of course, and ours. Another value is worth a word.
        return replace(change, notes=(*change.notes, *_MOVED[action])) if certain else change
    if not certain and action is Action.ADOPT:
        return replace(change, notes=(*change.notes, PERHAPS_ADOPTED))
    return replace(change, action=action, notes=change.notes if certain else (*change.notes, PERHAPS))


def _named(text: str, new: _New, is_open: Callable[[str], bool]) -> tuple[frozenset[str], frozenset[str]]:
    """Return which of the new keys a line names for certain, and which it may mean by "and 5 more".

    Only a key that is open can be among these more: no other line has named it.
    """

    def candidates(position: int, first: int) -> list[int]:
        """Return the numbers of the keys from `first` on whose name stands here."""
        found = [new.numbers.get(text[position : position + length], ()) for length in new.lengths]
        return sorted(number for numbers in found for number in numbers if number >= first)

    @cache
    def match(position: int, first: int) -> tuple[tuple[int, ...], int] | None:
        """Match the rest of the text with the keys from `first` on: the numbers of those named, and how many more."""
        more = _MORE.fullmatch(text, position)
        if position == len(text) or more is not None:
            return (), int(more[1]) if more is not None else 0
        start = position + len(", ") if position and text.startswith(", ", position) else position
        for number in candidates(start, first):
            rest = match(start + len(quote(new.keys[number])), number + 1)
            if rest is not None:
                return (number, *rest[0]), rest[1]
        return None

    found = match(0, 0)
    if found is None:
        return frozenset(), frozenset()
    numbers, more = found
    named = frozenset(new.keys[number] for number in numbers)
    after = numbers[-1] + 1 if numbers else 0
    rest = frozenset(filter(is_open, new.keys[after:])) if more else frozenset()
    if more == len(rest):
        return named | rest, frozenset()
    return named, rest
