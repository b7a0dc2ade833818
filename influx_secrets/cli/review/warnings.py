"""Findings that a reviewer must see before the tables, the urgent first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from influx_secrets._client.readers import Reader
from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.resources import UNKNOWN
from influx_secrets._notices import ParsedNotices
from influx_secrets.cli.review.changes import Action, Change, Place, org_names, place_of, servers
from influx_secrets.cli.review.preview import DEFAULT_PROVIDER, Preview, Resource, Step, name_of
from influx_secrets.cli.shared.untrusted import Message, Untrusted
from influx_secrets.cli.usage.readers import Readers

_MAX_READERS: Final = 10

FindReaders: TypeAlias = Callable[[str], Readers]
"""Returns the readers of an org's keys, by the org's id."""


class Kind(Enum):
    """The subject of a finding, the most urgent first."""

    ERROR = "error"
    UNREACHABLE = "unasked"
    READ = "read"
    LOST = "lost"
    REMOVE = "remove"
    PRUNE = "prune"
    TAKE_OVER = "takeover"
    COMPARE = "compare"
    UNKNOWN = "unknown"
    SWITCHED = "switched"
    DRIFT = "drift"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at before the tables.

    Attributes:
        keys: All keys that it is about; the message names none.
    """

    kind: Kind
    message: Message
    place: Place | None = None
    keys: tuple[str, ...] = ()


def warnings(
    preview: Preview, changes: Sequence[Change], notices: ParsedNotices, readers: FindReaders | None
) -> tuple[Finding, ...]:
    """Return the findings, sorted."""
    found = [
        *_failures(preview),
        *_quoted(Kind.UNREACHABLE, "the preview could not compare all keys with the server: ", notices.unreachable),
        *_of_keys(changes),
        *_lost(changes),
        *_unlisted(preview),
        *_of_states(preview),
        *_of_addresses(preview),
        *_quoted(Kind.UNKNOWN, "the provider says: ", notices.unchecked),
        *_quoted(Kind.REMARK, "the provider says: ", notices.other),
        *(_read(changes, readers) if readers is not None else ()),
    ]
    names, order = org_names(preview), list(Kind)
    return tuple(
        sorted(
            found, key=lambda one: (order.index(one.kind), place_order(one.place, names), one.keys, str(one.message))
        )
    )


def place_order(place: Place | None, names: Mapping[Place, str]) -> tuple[str, ...]:
    """Return what places are sorted by, here and in the tables: their name; an unknown org comes last."""
    if place is None:
        return ()
    last = "~" if place.org_id is None else ""
    return last, names.get(place) or place.name or "", place.provider, place.org_id or ""


def _quoted(kind: Kind, introduction: str, lines: Sequence[str]) -> Iterator[Finding]:
    for line in lines:
        yield Finding(kind, (introduction, Untrusted(line, is_message=True)))


def _failures(preview: Preview) -> Iterator[Finding]:
    if preview.complete:
        return
    ours = sorted(set(preview.errors))
    yield from _quoted(Kind.ERROR, "the preview failed: ", ours)
    if not ours:
        yield Finding(Kind.ERROR, ("the preview failed, and not for a secret: its own output says why",))
    yield Finding(Kind.ERROR, ("what follows is not complete, because the preview did not come to its end",))


_SENTENCES: Final[Mapping[Action, tuple[Kind, str, str]]] = {
    Action.TAKE_OVER: (
        Kind.TAKE_OVER,
        "{} key is already there, perhaps with another value, and is overwritten",
        "{} keys are already there, perhaps with other values, and are overwritten",
    ),
    Action.REMOVE: (Kind.REMOVE, "{} key is removed", "{} keys are removed"),
    Action.PRUNE: (
        Kind.PRUNE,
        "{} key that nobody declares is removed (exclusive)",
        "{} keys that nobody declares are removed (exclusive)",
    ),
    Action.COMPARE: (
        Kind.COMPARE,
        "{} key is already there, and the declared value is not known yet: if it is another, the update will fail",
        "{} keys are already there, and the declared values are not known yet: if one is another, the update will fail",
    ),
    Action.UNKNOWN: (
        Kind.UNKNOWN,
        "what happens to {} key is not known yet",
        "what happens to {} keys is not known yet",
    ),
    Action.DRIFT: (
        Kind.DRIFT,
        "{} key was changed or deleted by others, and stays so",
        "{} keys were changed or deleted by others, and stay so",
    ),
    Action.REPAIR: (
        Kind.DRIFT,
        "{} key was changed or deleted by others, and is written again",
        "{} keys were changed or deleted by others, and are written again",
    ),
}


def _of_keys(found: Sequence[Change]) -> Iterator[Finding]:
    by_place: dict[tuple[Action, Place], list[Change]] = {}
    for one in found:
        if one.action in _SENTENCES:
            by_place.setdefault((one.action, one.place), []).append(one)
    for (action, place), some in by_place.items():
        kind, singular, plural = _SENTENCES[action]
        keys = tuple(sorted(one.key for one in some if isinstance(one.key, str)))
        if keys:
            yield Finding(kind, ((singular if len(keys) == 1 else plural).format(len(keys)),), place, keys)
        for one in some:
            if not isinstance(one.key, str):
                yield Finding(kind, ("which keys ", *_resource(one.resource), " has is not known yet"), place)


def _lost(found: Sequence[Change]) -> Iterator[Finding]:
    """Return keys that one provider removes and another one writes: the two may be processes that share nothing."""
    arrives = {(one.place.org_id, one.key): one for one in found if one.before is None and one.after is not None}
    for one in found:
        other = arrives.get((one.place.org_id, one.key))
        if one.action is Action.REMOVE and other is not None and isinstance(one.key, str):
            message = (
                "1 key goes from the provider ",
                Untrusted(name_of(one.place.provider)),
                " to ",
                Untrusted(name_of(other.place.provider)),
                ": on Windows it is lost if both are one server, unless provider and resource change in two runs",
            )
            yield Finding(Kind.LOST, message, one.place, (one.key,))


def _unlisted(preview: Preview) -> Iterator[Finding]:
    if preview.found_outside:
        sentence = (
            f"resources that were changed outside Pulumi: {preview.found_outside}. "
            "Set PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true to see which keys"
        )
        yield Finding(Kind.DRIFT, (sentence,))
    if preview.skipped_lines:
        lines = "1 line" if preview.skipped_lines == 1 else f"{preview.skipped_lines} lines"
        yield Finding(Kind.REMARK, (f"not read, because it is not JSON: {lines} around the preview",))


def prunes_unknown(step: Step) -> bool:
    """Whether a resource is exclusive, and this preview does not contain which keys it removes."""
    return step.new is not None and step.op != "create-replacement" and not step.new.state.pruned_known


def _of_states(preview: Preview) -> Iterator[Finding]:
    for step in preview.steps:
        new, old = step.new, step.old
        if new is None or step.op == "create-replacement":
            continue
        name = _resource(new.resource)
        if prunes_unknown(step):
            message = (*name, " is exclusive, and which keys it removes is not known yet")
            yield Finding(Kind.UNKNOWN, message, place_of(new))
        if new.state.org_id is UNKNOWN:
            yield Finding(Kind.UNKNOWN, ("the org of ", *name, " is not known yet, nor what it holds"))
        if old is None or step.op not in ("same", "update") or old.provider == new.provider:
            continue
        if None in (old.state.server, new.state.server):
            message = (
                *name,
                " leaves the provider ",
                Untrusted(name_of(old.provider)),
                ": a key that does not change is not written to another server, nor removed from the old one",
            )
            yield Finding(Kind.SWITCHED, message, place_of(new))


def _of_addresses(preview: Preview) -> Iterator[Finding]:
    for place, address in servers(preview).items():
        there = [step for step in preview.steps if step.new is not None and place_of(step.new) == place]
        stored = {step.old.state.server for step in there if step.old is not None}
        for old in sorted(stored - {address, None}, key=str):
            message = (
                "the state has the server ",
                Untrusted(str(old)),
                ", but the url is ",
                Untrusted(address),
                " now",
            )
            # A provider that still has the old url removes what leaves it.
            leaves = any(step.old and step.new and step.old.provider != step.new.provider for step in there)
            rest = () if leaves else (": nothing is removed from ", Untrusted(str(old)))
            yield Finding(Kind.SWITCHED, (*message, *rest), place)


def _resource(resource: Resource) -> Message:
    return f"{resource.kind} ", Untrusted(resource.name)


def _read(found: Sequence[Change], find: FindReaders) -> Iterator[Finding]:
    gone = [one for one in found if one.action in (Action.REMOVE, Action.PRUNE) and isinstance(one.key, str)]
    for provider in sorted({one.place.provider for one in gone}):
        if name_of(provider) not in ("", DEFAULT_PROVIDER):
            asked = "who reads keys of the provider ", Untrusted(name_of(provider)), ": only one server "
            yield Finding(Kind.READ, (*asked, "was asked, which need not be that of the provider"))
    for org_id in sorted({one.place.org_id for one in gone if one.place.org_id is not None}):
        try:
            readers = find(org_id)
        except InfluxSecretsError as error:
            yield from _quoted(Kind.READ, "whether removed keys are still read could not be asked: ", [str(error)])
            continue
        yield from _read_in_org([one for one in gone if one.place.org_id == org_id], readers)


def _read_in_org(gone: Sequence[Change], readers: Readers) -> Iterator[Finding]:
    ways = ("still read by ", readers.by_key), ("possibly read, by its name in the script, by ", readers.possible)
    for one, (how, found) in itertools.product(gone, ways):
        if scripts := found.get(str(one.key), ()):
            message = (f"1 key is removed that is {how}", *_listed(scripts))
            yield Finding(Kind.READ, message, one.place, (str(one.key),))
    place = gone[0].place
    if readers.unknown:
        message = ("keys are removed, and these read keys that their scripts do not spell out: ",)
        yield Finding(Kind.READ, (*message, *_listed(readers.unknown)), place)
    if readers.unseen:
        kinds, lacks = " or ".join(readers.unseen), f"there is none, or the token lacks {readers.permissions}"
        sentence = f"cannot tell whether any {kinds} still reads a removed key: the server lists none ({lacks})"
        yield Finding(Kind.READ, (sentence,), place)


def _listed(scripts: Sequence[Reader]) -> Iterator[str | Untrusted]:
    for number, one in enumerate(sorted(scripts, key=lambda one: (one.kind, one.name))[:_MAX_READERS]):
        yield from (f"{', ' if number else ''}{one.kind} ", Untrusted(one.name), "" if one.active else " (inactive)")
    if len(scripts) > _MAX_READERS:
        yield f" and {len(scripts) - _MAX_READERS} more"
