"""What a review knows of a preview: the engine's steps for our resources as frozen data, and how a state is read.

Only what is named here is read. Values and digests may stand in the same document; nobody looks at them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.serialization import CODECS, TYPE_PREFIX
from influx_secrets._model.state import UNKNOWN, ResourceState

_UNKNOWN_MARK: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes what a preview does not know (seen in the JSON and the events of Pulumi 3.259.0)."""

_READ: Final = ("org_id", "org", "key", "version", "versions", "rotate_on", "exclusive", "pruned", "drift")
"""The properties that a review needs: neither `digest` nor `digests`, nor what a later version may store."""


class PreviewError(InfluxSecretsError):
    """What was given is no preview, or none that this version can read."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of ours: its kind and logical name for people, its URN to tell it from every other."""

    kind: str
    name: str
    urn: str


@dataclass(frozen=True, slots=True)
class State:
    """What a step starts from or leads to.

    Attributes:
        resource: Whose state it is.
        provider: The provider's URN, without the id of its instance.
        record: What is stored, without its digests.
        retained: Whether the keys stay on the server when the resource goes.
    """

    resource: Resource
    provider: str
    record: ResourceState
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What the engine plans to do with one resource of ours, or what a refresh found of it."""

    op: str
    old: State | None
    new: State | None


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of the preview. Only one of ours has its message here: others may hold anything."""

    urn: str
    message: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the engine printed, as far as a review needs it.

    Attributes:
        steps: What is planned for the resources of ours.
        refreshed: What a refresh in the same run found, by URN; `new` is None for a resource that is gone.
        refresh_told: Whether `refreshed` says what was found; the JSON document says at most that a resource is gone.
        found_outside: How many resources a refresh alone found changed, where the document does not say which keys.
        others: Operation to number of resources of all other types.
        unlisted: How many unchanged resources, of any type, the document counts but does not list.
        notices: The lines of our provider.
        problems: The errors.
        complete: Whether the engine came to the end.
    """

    steps: tuple[Step, ...] = ()
    refreshed: Mapping[str, Step] = field(default_factory=dict)
    refresh_told: bool = True
    found_outside: int = 0
    others: Mapping[str, int] = field(default_factory=dict)
    unlisted: int = 0
    notices: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    complete: bool = True


def kind_of(urn: str) -> str | None:
    """Return which kind of our resources a URN names: `Secret` or `OrgSecrets`; None for any other resource."""
    type_token = _parts(urn)[2].rpartition("$")[2]
    return type_token.removeprefix(TYPE_PREFIX) if type_token in CODECS else None


def name_of(urn: str) -> str:
    """Return the logical name in a URN."""
    return _parts(urn)[3]


def read_state(raw: Mapping[str, Any] | None, *, before: bool) -> State | None:
    """Read one side of a step; None where there is none, or that of a secret that was only looked up.

    Args:
        raw: As the engine prints it, in either form.
        before: Whether it is what the state holds. Then the outputs count; a preview has none of what is to be.
    """
    if raw is None or raw.get("external"):
        return None
    inputs, outputs = raw.get("inputs") or {}, raw.get("outputs") or {}
    urn = str(raw["urn"])
    kind = kind_of(urn)
    if kind is None:
        return None
    stored = outputs if before and "org_id" in outputs else inputs
    record = CODECS[f"{TYPE_PREFIX}{kind}"].decode_state(
        {name: _known(stored[name]) for name in _READ if name in stored}
    )
    if record is None:
        return None
    return State(
        resource=Resource(kind, name_of(urn), urn),
        provider=str(raw.get("provider") or "").rpartition("::")[0],
        record=record,
        retained=bool(raw.get("retainOnDelete")),
    )


def _parts(urn: str) -> list[str]:
    """Return the four parts of a URN; a name may hold the separator itself."""
    parts = urn.split("::", 3)
    return [*parts, *[""] * (4 - len(parts))]


def _known(value: Any) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(value, Mapping):
        return {name: _known(one) for name, one in value.items()}
    return UNKNOWN if value == _UNKNOWN_MARK else value
