"""What a reviewer has to look at before the tables: the warnings of a review, the urgent first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.state import UNKNOWN
from influx_secrets.cli.review.changes import Action, Change, Place, org_names, place_of
from influx_secrets.cli.review.preview import Preview, Resource, Step, name_of
from influx_secrets.cli.review.provider_notices import Heard

_MAX_READERS: Final = 10

DEFAULT_PROVIDER: Final = "influx-secrets"
"""The name of the provider that resources have where the program gives them none."""


@dataclass(frozen=True, slots=True)
class Their:
    """Text of others in a sentence of ours. Each format makes it harmless in its own way.

    Attributes:
        is_message: Whether it is a whole sentence; else it is a name, which must not be taken for another one.
    """

    text: str
    is_message: bool = False


Words: TypeAlias = tuple[str | Their, ...]

_UNCHECKED: Final = ("values cannot be checked", "secrets cannot be checked")
"""How a line of the provider begins that says what it could not look at."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Which tasks and checks of an org read which keys.

    Attributes:
        by_key: Key to their names.
        vague: The names of those that may read any key.
        unseen: Of "task" and "check", those of which the server shows none: there is none, or not for this token.
    """

    by_key: Mapping[str, Sequence[str]]
    vague: Sequence[str] = ()
    unseen: Sequence[str] = ()


Readers: TypeAlias = Callable[[str], Reading]
"""Returns for an org's id who reads what."""


class Kind(Enum):
    """What a warning is about, the most urgent first."""

    ERROR = "error"
    UNASKED = "unasked"
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
class Warn:
    """One thing to look at before the tables.

    Attributes:
        keys: The keys that it is about, all of them; the words name none.
    """

    kind: Kind
    words: Words
    place: Place | None = None
    keys: tuple[str, ...] = ()


def warnings(preview: Preview, heard: Heard, readers: Readers | None) -> tuple[Warn, ...]:
    """Return the warnings, sorted."""
    found = [
        *_failures(preview),
        *(
            Warn(Kind.UNASKED, ("the server could not be asked: ", Their(why, is_message=True)))
            for why in heard.unasked
        ),
        *_of_keys(heard.changes),
        *_lost(heard.changes),
        *_outside(preview),
        *_of_states(preview),
        *(
            Warn(
                Kind.UNKNOWN if line.startswith(_UNCHECKED) else Kind.REMARK,
                ("the provider says: ", Their(line, is_message=True)),
            )
            for line in heard.remarks
        ),
        *(_read(heard.changes, readers) if readers is not None else ()),
    ]
    names = org_names(preview)
    return tuple(sorted(found, key=lambda one: _urgency(one, names)))


def place_order(place: Place | None, names: Mapping[Place, str]) -> tuple[str, ...]:
    """Return what places are sorted by, here and in the tables: their name; an org that is not known yet comes last."""
    if place is None:
        return ()
    last = "~" if place.org_id is None else ""
    return last, names.get(place) or place.name or "", place.provider, place.org_id or ""


def _urgency(warning: Warn, names: Mapping[Place, str]) -> tuple[int, tuple[str, ...], tuple[str, ...], str]:
    return list(Kind).index(warning.kind), place_order(warning.place, names), warning.keys, str(warning.words)


def _failures(preview: Preview) -> Iterator[Warn]:
    if preview.complete:
        return
    ours = sorted({one.message for one in preview.problems if one.message is not None})
    for message in ours:
        yield Warn(Kind.ERROR, ("the preview failed: ", Their(message, is_message=True)))
    if not ours:
        yield Warn(Kind.ERROR, ("the preview failed, and not for a secret: its own output says why",))
    yield Warn(Kind.ERROR, ("what follows is not complete, because the preview did not come to its end",))


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


def _of_keys(found: Sequence[Change]) -> Iterator[Warn]:
    by_place: dict[tuple[Action, Place], list[Change]] = {}
    for one in found:
        if one.action in _SENTENCES:
            by_place.setdefault((one.action, one.place), []).append(one)
    for (action, place), some in by_place.items():
        kind, singular, plural = _SENTENCES[action]
        keys = tuple(sorted(one.key for one in some if isinstance(one.key, str)))
        if keys:
            yield Warn(kind, ((singular if len(keys) == 1 else plural).format(len(keys)),), place, keys)
        for one in some:
            if not isinstance(one.key, str):
                words = ("which keys ", *_resource(one.resource), " has is not known yet")
                yield Warn(kind, words, place)


def _lost(found: Sequence[Change]) -> Iterator[Warn]:
    """Keys that leave through one provider and arrive through another: the two are processes that do not talk."""
    arrives = {(one.place.org_id, one.key): one for one in found if one.before is None and one.after is not None}
    for one in found:
        other = arrives.get((one.place.org_id, one.key))
        if one.action is Action.REMOVE and other is not None and isinstance(one.key, str):
            words = (
                "1 key goes from the provider ",
                Their(name_of(one.place.provider)),
                " to ",
                Their(name_of(other.place.provider)),
                ": if both are one server, it is lost; change the provider in one run and the resource in another",
            )
            yield Warn(Kind.LOST, words, one.place, (one.key,))


def _outside(preview: Preview) -> Iterator[Warn]:
    if preview.found_outside:
        sentence = (
            f"resources of the stack that others changed: {preview.found_outside}; which keys, this form of a preview "
            "does not say: set PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true for it"
        )
        yield Warn(Kind.DRIFT, (sentence,))


def prunes_unknown(step: Step) -> bool:
    """Whether a resource is exclusive, and this preview cannot tell which keys it removes."""
    return step.new is not None and step.op != "create-replacement" and step.new.record.pruned is UNKNOWN


def _of_states(preview: Preview) -> Iterator[Warn]:
    for step in preview.steps:
        new, old = step.new, step.old
        if new is None or step.op == "create-replacement":
            continue
        if prunes_unknown(step):
            words = (*_resource(new.resource), " is exclusive, and which keys it removes is not known yet")
            yield Warn(Kind.UNKNOWN, words, place_of(new))
        if new.record.org_id is UNKNOWN:
            words = ("the org of ", *_resource(new.resource), " is not known yet, nor what it holds")
            yield Warn(Kind.UNKNOWN, words)
        if old is not None and step.op in ("same", "update") and old.provider != new.provider:
            words = (
                *_resource(new.resource),
                " leaves the provider ",
                Their(name_of(old.provider)),
                ": a key that does not change is not written to another server, nor removed from the old one",
            )
            yield Warn(Kind.SWITCHED, words, place_of(new))


def _resource(resource: Resource) -> Words:
    return f"{resource.kind} ", Their(resource.name)


def _read(found: Sequence[Change], readers: Readers) -> Iterator[Warn]:
    gone = [one for one in found if one.action in (Action.REMOVE, Action.PRUNE) and isinstance(one.key, str)]
    for provider in sorted({one.place.provider for one in gone}):
        if name_of(provider) not in ("", DEFAULT_PROVIDER):
            asked = "who reads keys of the provider ", Their(name_of(provider)), ": only the server of the environment"
            yield Warn(Kind.READ, (*asked, " was asked, which need not be that of the provider"))
    for org_id in sorted({one.place.org_id for one in gone if one.place.org_id is not None}):
        try:
            reads = readers(org_id)
        except InfluxSecretsError as error:
            yield Warn(
                Kind.READ,
                ("whether removed keys are still read could not be asked: ", Their(str(error), is_message=True)),
            )
            continue
        here = [one for one in gone if one.place.org_id == org_id]
        for one in here:
            names = sorted(reads.by_key.get(str(one.key), ()))
            if names:
                words = ("1 key goes that is still read by ", *_listed(names))
                yield Warn(Kind.READ, words, one.place, (str(one.key),))
        if reads.vague:
            words = (
                "keys go, and these read keys that their scripts do not spell out: ",
                *_listed(sorted(reads.vague)),
            )
            yield Warn(Kind.READ, words, here[0].place)
        for kind in reads.unseen:
            sentence = f"whether a {kind} still reads a key that goes is not known: the server shows none, for want of "
            yield Warn(Kind.READ, (f'{sentence}{kind}s or of the permission "read {kind}s"',), here[0].place)


def _listed(names: Sequence[str]) -> Iterator[str | Their]:
    for number, name in enumerate(names[:_MAX_READERS]):
        yield from ((", ", Their(name)) if number else (Their(name),))
    if len(names) > _MAX_READERS:
        yield f" and {len(names) - _MAX_READERS} more"
