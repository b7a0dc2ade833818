"""A parsed preview: the steps of the package's resources.

Only the properties named here are read. The same document may contain values and digests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from influx_secrets._errors import InfluxSecretsError
from influx_secrets._model.resources import UNKNOWN, ResourceState
from influx_secrets._model.state_codecs import CODECS, TYPE_PREFIX

_UNKNOWN_MARK: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes unknown values, in the JSON and the events of Pulumi 3.259.0."""

_READ: Final = ("server", "org_id", "org", "key", "version", "versions", "rotate_on", "exclusive", "pruned", "drift")
"""The properties that a review needs: neither `digest` nor `digests`, nor what a later version may store."""

DEFAULT_PROVIDER: Final = "influx-secrets"
"""The name of the provider that resources have where the program gives them none."""


class PreviewError(InfluxSecretsError):
    """The input is not a preview, or has a form that this version cannot read."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of this package: kind and logical name for people, and the URN as its identity."""

    kind: str
    name: str
    urn: str


@dataclass(frozen=True, slots=True)
class Side:
    """The old or the new side of a step.

    Attributes:
        provider: The provider's URN, without the id of its instance.
        state: The stored properties, without digests.
        retained: Whether the keys stay on the server when the resource is deleted.
    """

    resource: Resource
    provider: str
    state: ResourceState
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What the engine plans for one resource of this package, or what a refresh found of it."""

    op: str
    old: Side | None
    new: Side | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the engine printed, as far as a review needs it.

    Attributes:
        steps: What is planned for this package's resources.
        refreshed: What a refresh in the same run found, by URN; `new` is None for a deleted resource.
        refresh_told: Whether `refreshed` contains what was found; the JSON document only marks deleted resources.
        found_outside: How many resources a refresh found changed, where the document does not contain which keys.
        others: Operation to number of resources of all other types.
        errors: Those of this package: others may contain values.
        unlisted: How many unchanged resources, of any type, the document counts but does not list.
        skipped_lines: How many lines around the preview are not JSON.
    """

    steps: Sequence[Step]
    refreshed: Mapping[str, Step]
    others: Mapping[str, int]
    notices: Sequence[str]
    errors: Sequence[str]
    complete: bool
    refresh_told: bool
    found_outside: int
    unlisted: int
    skipped_lines: int

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides of all steps: first what is stored, then what will be."""
        steps = (*self.refreshed.values(), *self.steps)
        return tuple(
            side for side in (*(step.old for step in steps), *(step.new for step in steps)) if side is not None
        )


def kind_of(urn: str) -> str | None:
    """Return `Secret` or `OrgSecrets` for a URN of this package, None for any other."""
    type_token = _parts(urn)[2].rpartition("$")[2]
    return type_token.removeprefix(TYPE_PREFIX) if type_token in CODECS else None


def name_of(urn: str) -> str:
    """Return the logical name in a URN."""
    return _parts(urn)[3]


def read_side(raw: Mapping[str, Any] | None, *, before: bool) -> Side | None:
    """Return one side of a step; None where there is none, or for a secret that is only looked up.

    Args:
        raw: The side as the engine prints it, in either form.
        before: Whether it is the stored side, which has outputs; a preview has none of the new side.
    """
    if raw is None or raw.get("external"):
        return None
    inputs, outputs = raw.get("inputs") or {}, raw.get("outputs") or {}
    urn = str(raw["urn"])
    kind = kind_of(urn)
    if kind is None:
        return None
    stored = outputs if before and "org_id" in outputs else inputs
    # `additional_secret_outputs` hides an output; the input of that name is the same, and not hidden.
    shown = {name: inputs.get(name) if stored[name] == "[secret]" else stored[name] for name in _READ if name in stored}
    state = CODECS[f"{TYPE_PREFIX}{kind}"].decode_state({name: _known(value) for name, value in shown.items()})
    if state is None:
        return None
    return Side(
        resource=Resource(kind, name_of(urn), urn),
        provider=str(raw.get("provider") or "").rpartition("::")[0],
        state=state,
        retained=bool(raw.get("retainOnDelete")),
    )


def _parts(urn: str) -> list[str]:
    """Return the four parts of a URN; a name may contain the separator."""
    parts = urn.split("::", 3)
    return [*parts, *[""] * (4 - len(parts))]


def _known(value: Any) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(value, Mapping):
        return {name: _known(one) for name, one in value.items()}
    return UNKNOWN if value == _UNKNOWN_MARK else value
