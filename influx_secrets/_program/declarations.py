"""Which resource of a program declares which keys."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import pulumi

from influx_secrets._model.other_declarations import OtherDeclarations

GRACE_SECONDS: Final = 0.5
"""How long a resource waits for the outputs of others before it is registered, to know whether they share its org."""

OrgInputs: TypeAlias = tuple[Any, Any]
"""The inputs `org_id` and `org` of a resource, which may be outputs."""


class DeclaredResource(NamedTuple):
    """One resource of the program, as far as the program itself knows it.

    Attributes:
        name: Kind and logical name; no two resources have the same.
        provider: Stands for the process that will serve it.
        org: The inputs `org_id` and `org`, which may be outputs.
        keys: The declared key, or a list of them; either may be an output.
    """

    name: str
    provider: pulumi.ProviderResource
    org: OrgInputs
    keys: Any

    def metadata(self) -> dict[str, Any]:
        """Return what `check` has to know and cannot find out: which resource it checks, and whether in a preview."""
        found: dict[str, Any] = {"resource": self.name}
        return {**found, "preview": True} if pulumi.runtime.is_dry_run() else found


class DeclarationIndex(NamedTuple):
    """What the resources of one provider declare, made once for all that ask: with very many, that saves much.

    Attributes:
        by_form: The form in which an org is given, to org, to the keys declared there.
        unresolved: Resources whose org or keys are outputs.
        size: Number of resources.
    """

    by_form: Mapping[Any, Mapping[OrgInputs, set[str]]]
    unresolved: Sequence[DeclaredResource]
    size: int

    @classmethod
    def of(cls, resources: Sequence[DeclaredResource]) -> DeclarationIndex:
        """Return the index of these resources."""
        by_form: dict[Any, dict[OrgInputs, set[str]]] = {}
        unresolved: list[DeclaredResource] = []
        for one in resources:
            if any(isinstance(given, pulumi.Output) for given in (*one.org, one.keys)):
                unresolved.append(one)
            else:
                by_form.setdefault(_org_form(one.org), {}).setdefault(one.org, set()).update(_keys(one.keys))
        return cls(by_form, unresolved, len(resources))

    def candidates(self, org: OrgInputs) -> list[tuple[OrgInputs, Collection[str]]]:
        """Return the orgs that are this one or may be it, with their keys: not those of the same form that differ."""
        alike = self.by_form.get(_org_form(org), {}) if _is_plain(org) else {}
        others = [item for orgs in self.by_form.values() if orgs is not alike for item in orgs.items()]
        return [*([(org, alike[org])] if org in alike else []), *others]


async def find_others(this: DeclaredResource, index: DeclarationIndex) -> OtherDeclarations:
    """Return what resources other than this one declare."""
    org_id, org = await asyncio.gather(*(_resolved(given) for given in this.org))
    unresolved = await asyncio.gather(*(_resolved_soon(one) for one in index.unresolved if one is not this))
    others = _classify((org_id, org), [*index.candidates((org_id, org)), *unresolved], own=_own_keys(this))
    return others._replace(resources=index.size)


def _org_form(org: OrgInputs) -> tuple[bool, bool]:
    """Return the form in which an org is given: by id or by name; with neither it is the default one."""
    return org[0] is None, org[1] is None


def _own_keys(this: DeclaredResource) -> frozenset[str]:
    return frozenset() if isinstance(this.keys, pulumi.Output) else _keys(this.keys)


def _keys(declared: str | Sequence[str]) -> frozenset[str]:
    return frozenset([declared] if isinstance(declared, str) else declared)


async def _resolved(given: Any) -> Any:  # noqa: ANN401 (an input)
    """Return an input's value, or the input itself where a preview does not know it."""
    if not isinstance(given, pulumi.Output):
        return given
    value = await given.future()
    return given if value is None else value


async def _resolved_within(seconds: float, given: Any) -> Any:  # noqa: ANN401 (an input)
    """Return an input's value, or the input itself where the value is not known in time."""
    task = asyncio.ensure_future(_resolved(given))
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    # Not `wait_for`: it would cancel the output that others wait for.
    done, _ = await asyncio.wait([task], timeout=seconds)
    return task.result() if done and task.exception() is None else given


async def _resolved_soon(other: DeclaredResource) -> tuple[OrgInputs, frozenset[str] | None]:
    """Return org and keys of a resource, as far as they are known within the grace period."""
    inputs = (*other.org, other.keys)
    org_id, org, keys = await asyncio.gather(*(_resolved_within(GRACE_SECONDS, given) for given in inputs))
    return (org_id, org), None if isinstance(keys, pulumi.Output) else _keys(keys)


def _classify(
    org: OrgInputs, others: Sequence[tuple[OrgInputs, Collection[str] | None]], *, own: Collection[str]
) -> OtherDeclarations:
    """Sort keys by how certain it is that they are declared on the org; a resource's own keys are left out."""
    near = [(theirs, keys) for theirs, keys in others if _same_org(org, theirs) is not False]
    certain = {key for theirs, keys in near if _same_org(org, theirs) for key in keys or ()}
    possible: set[str] = set()
    other_forms: dict[OrgInputs, set[str]] = {}
    for theirs, keys in near:
        rest = set(keys or ()) - certain
        if rest:
            (other_forms.setdefault(theirs, set()) if _is_plain(org) and _is_plain(theirs) else possible).update(rest)
    return OtherDeclarations(
        certain=frozenset(certain.difference(own)),
        other_forms={theirs: frozenset(keys) for theirs, keys in other_forms.items()},
        possible=None if any(keys is None for _, keys in near) else frozenset(possible),
    )


def _same_org(one: OrgInputs, other: OrgInputs) -> bool | None:
    """Whether two pairs of `org_id` and `org` name one org; None where only the server can answer that."""
    if all(ours is theirs for ours, theirs in zip(one, other, strict=True)):
        return True
    if not (_is_plain(one) and _is_plain(other)):
        return None
    return one == other if _org_form(one) == _org_form(other) else None


def _is_plain(org: OrgInputs) -> bool:
    return all(given is None or isinstance(given, str) for given in org)
