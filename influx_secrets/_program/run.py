"""What the resources of one run of a program know of each other: the provider they share, who declares which keys."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import pulumi

from influx_secrets._errors import SettingsError
from influx_secrets._program import outputs
from influx_secrets._program.sdk import of_this_run
from influx_secrets._provider.dynamic import NAMESPACE, SETTINGS

PACKAGE: Final = "pulumi-python"
"""The engine's name for the plugin that runs dynamic providers."""

GRACE_SECONDS: Final = 0.5
"""How long a resource waits for the outputs of others before it is registered, to know whether they share its org."""

Org: TypeAlias = tuple[Any, Any]
"""The inputs `org_id` and `org` of a resource, which may be outputs."""


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """One resource of the program, as far as the program itself knows it.

    Attributes:
        name: In words, and unlike that of every other one.
        provider: Stands for the process that will serve it.
        org: The inputs `org_id` and `org`, which may be outputs.
        keys: The declared key, or a list of them; either may be an output.
    """

    name: str
    provider: pulumi.ProviderResource
    org: tuple[Any, Any]
    keys: Any


class Run:
    """One run of a program."""

    def __init__(self) -> None:
        self._provider: pulumi.ProviderResource | None = None
        self._declared: list[Declared] = []
        self._names: Counter[str] = Counter()
        self._censuses: dict[pulumi.ProviderResource, _Census] = {}
        self._counted = 0

    @classmethod
    def current(cls) -> Run:
        """Return the run that is under way."""
        return of_this_run(cls)

    @cached_property
    def no_digest(self) -> pulumi.Output[str]:
        """What stands for the digests until `check` has worked them out; one for all, as every output costs."""
        return pulumi.Output.secret("")

    def default_provider(self) -> pulumi.ProviderResource:
        """Return the provider of resources that name none.

        Without an explicit provider the engine would use its own one for dynamic resources, and keep a copy of the
        whole stack config, secrets included, in the state (seen with Pulumi 3.259.0). Ours holds our settings alone.
        """
        if self._provider is None:
            self._provider = pulumi.ProviderResource(PACKAGE, NAMESPACE, _provider_inputs())
            outputs.follow(self._provider)
        return self._provider

    def declare(
        self,
        name: str,
        provider: pulumi.ProviderResource,
        org: Mapping[str, Any],
        keys: pulumi.Input[str] | Sequence[str] | pulumi.Output[list[str]],
    ) -> Declared:
        """Note one more resource. Two of one logical name can have two parents, so the name may be numbered.

        Not the URN: it is an output of the parent, and a resource that waits for its parent's outputs waits for itself.
        """
        self._names[name] += 1
        count = self._names[name]
        unique = name if count == 1 else f"{name} (number {count} of that name)"
        declared = Declared(unique, provider, (org.get("org_id"), org.get("org")), keys)
        self._declared.append(declared)
        return declared

    def elsewhere(self, this: Declared) -> pulumi.Output[dict[str, Any]]:
        """Return what the other resources of the program declare, once the program has declared them all.

        `claimed` is a JSON list of keys that are certainly declared on the same org; `otherwise` one of org id, org
        and keys, for orgs that are written in another way than this one's, which the provider can look up; `doubtful`
        one of keys whose org is not known; `open` says that some resource's keys are not known either, and `resources`
        how many there are in all.
        """

        async def known() -> dict[str, Any]:
            # Runs when the program's body has ended, for only then does the SDK begin to register resources.
            org_id, org = await asyncio.gather(*(_settled(given) for given in this.org))
            census = self._census_of(this.provider)
            late = await asyncio.gather(*(_soon(one) for one in census.late if one is not this))
            told = _sort_out((org_id, org), [*census.near((org_id, org)), *late], own=_own(this))
            return {**told, "resources": census.count}

        return outputs.untracked(pulumi.Output.from_input(known()))

    def _census_of(self, provider: pulumi.ProviderResource) -> _Census:
        # Taken once, and anew when a callback declared one more: each of very many resources asks.
        if len(self._declared) != self._counted:
            self._censuses, self._counted = {}, len(self._declared)
        if provider not in self._censuses:
            self._censuses[provider] = _Census.of(one for one in self._declared if one.provider is provider)
        return self._censuses[provider]


@dataclass(frozen=True, slots=True)
class _Census:
    """What the resources of one provider declare, summed up for all that ask, which of very many saves much.

    Attributes:
        written: Way of writing an org, to org, to the keys declared there.
        late: Resources whose org or keys are outputs.
        count: How many resources there are.
    """

    written: Mapping[Any, Mapping[Org, set[str]]]
    late: Sequence[Declared]
    count: int

    @classmethod
    def of(cls, resources: Iterable[Declared]) -> _Census:
        """Sum up."""
        written: dict[Any, dict[Org, set[str]]] = {}
        late: list[Declared] = []
        count = 0
        for count, one in enumerate(resources, 1):  # noqa: B007 (the last one is the count)
            if any(isinstance(given, pulumi.Output) for given in (*one.org, one.keys)):
                late.append(one)
            else:
                written.setdefault(_way(one.org), {}).setdefault(one.org, set()).update(_keys(one.keys))
        return cls(written, late, count)

    def near(self, org: Org) -> list[tuple[Org, Collection[str]]]:
        """Return the orgs that are this one or may be it, and their keys: none that is written alike and differs."""
        alike = self.written.get(_way(org), {}) if _is_written(org) else {}
        others = [item for orgs in self.written.values() if orgs is not alike for item in orgs.items()]
        return [*([(org, alike[org])] if org in alike else []), *others]


def _way(org: Org) -> tuple[bool, bool]:
    """Return in which of two ways an org is written: by id, by name; with neither it is the default one."""
    return org[0] is None, org[1] is None


def _own(this: Declared) -> frozenset[str]:
    return frozenset() if isinstance(this.keys, pulumi.Output) else _keys(this.keys)


def _keys(declared: str | Sequence[str]) -> frozenset[str]:
    return frozenset([declared] if isinstance(declared, str) else declared)


async def _settled(given: Any) -> Any:  # noqa: ANN401 (an input)
    """Return an input's value, or the input itself where a preview does not know it."""
    if not isinstance(given, pulumi.Output):
        return given
    value = await given.future()
    return given if value is None else value


async def _soon(other: Declared) -> tuple[tuple[Any, Any], frozenset[str] | None]:
    """Return org and keys of a resource, as far as outputs come within the grace period; nobody may wait for long."""

    async def within(given: Any) -> Any:  # noqa: ANN401 (an input)
        task = asyncio.ensure_future(_settled(given))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Not `wait_for`: it would cancel the output that others wait for.
        done, _ = await asyncio.wait([task], timeout=GRACE_SECONDS)
        return task.result() if done and task.exception() is None else given

    org_id, org, keys = await asyncio.gather(*(within(given) for given in (*other.org, other.keys)))
    return (org_id, org), None if isinstance(keys, pulumi.Output) else _keys(keys)


def _sort_out(
    org: Org, others: Sequence[tuple[Org, Collection[str] | None]], *, own: Collection[str]
) -> dict[str, Any]:
    """Sort keys by how certain it is that they are declared on the org; what is a resource's own needs no telling."""
    near = [(theirs, keys) for theirs, keys in others if _same_org(org, theirs) is not False]
    claimed = {key for theirs, keys in near if _same_org(org, theirs) for key in keys or ()}
    doubtful: set[str] = set()
    otherwise: dict[tuple[Any, Any], set[str]] = {}
    for theirs, keys in near:
        known = _is_written(org) and _is_written(theirs)
        rest = (key for key in keys or () if key not in claimed)
        (otherwise.setdefault(theirs, set()) if known else doubtful).update(rest)
    return {
        "claimed": json.dumps(sorted(claimed.difference(own))),
        "otherwise": json.dumps([[*theirs, sorted(keys)] for theirs, keys in otherwise.items() if keys]),
        "doubtful": json.dumps(sorted(doubtful)),
        "open": any(keys is None for _, keys in near),
    }


def configured() -> dict[str, str]:
    """Return the settings that the stack's config holds; raise `SettingsError` for one that nobody would read."""
    _refuse_unknown()
    config = pulumi.Config(NAMESPACE)
    return {name: value for name in SETTINGS if (value := config.get(name)) is not None}


def _refuse_unknown() -> None:
    # A misspelt `verifyValues` would else be taken for one that holds. The SDK lists the names of the stack's config
    # only where the engine puts them, in the environment, so not for a program inside of the Automation API.
    if pulumi.get_project() == NAMESPACE:
        return  # The project's own config has this namespace too.
    names = {name.removeprefix(f"{NAMESPACE}:") for name in pulumi.runtime.get_config_env() if _is_ours(name)}
    unknown = sorted(names.difference(SETTINGS))
    if unknown:
        known = ", ".join(sorted(SETTINGS))
        raise SettingsError(f"unknown setting {', '.join(map(repr, unknown))} in the stack's config; known are {known}")


def _is_ours(name: str) -> bool:
    return name.startswith(f"{NAMESPACE}:")


def setting(name: str) -> str:
    """Return the full name of a setting, the same in a stack's config and in a provider's inputs."""
    return f"{NAMESPACE}:{name}"


def _provider_inputs() -> dict[str, pulumi.Input[str]]:
    given: dict[str, pulumi.Input[str]] = {setting(name): value for name, value in configured().items()}
    token = given.get(setting("token"))
    return given if token is None else {**given, setting("token"): pulumi.Output.secret(token)}


def _same_org(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool | None:
    """Whether two pairs of `org_id` and `org` name one org; None where only the server could tell."""
    if all(ours is theirs for ours, theirs in zip(one, other, strict=True)):
        return True
    if not (_is_written(one) and _is_written(other)):
        return None
    comparable = [given is None for given in one] == [given is None for given in other]
    return one == other if comparable else None


def _is_written(org: tuple[Any, Any]) -> bool:
    return all(given is None or isinstance(given, str) for given in org)
