"""What the resources of one run of a program know of each other: the provider they share, who declares which keys."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from influx_secrets._providers import NAMESPACE, SETTINGS

PACKAGE: Final = "pulumi-python"
"""The engine's name for the plugin that runs dynamic providers."""

GRACE_SECONDS: Final = 0.5
"""How long a resource waits for the outputs of others before it is registered, to know whether they share its org."""

_ATTRIBUTE: Final = "_influx_secrets_run"


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """One resource of the program, as far as the program itself knows it.

    Attributes:
        name: In words, and unlike that of every other one.
        provider: Stands for the process that will serve it.
        org: The inputs `org_id` and `org`, which may be outputs.
        keys: The declared keys, which may be an output of a list.
    """

    name: str
    provider: pulumi.ProviderResource
    org: tuple[Any, Any]
    keys: Any


class Run:
    """One run of a program. It hangs on the run's own root: a process can run several side by side (Automation API)."""

    def __init__(self) -> None:
        self._provider: pulumi.ProviderResource | None = None
        self._declared: list[Declared] = []
        self._names: Counter[str] = Counter()

    @classmethod
    def current(cls) -> Run:
        """Return the run that is under way."""
        root: Any = pulumi.runtime.get_root_resource() or pulumi.runtime.settings.get_monitor()
        run: Run | None = getattr(root, _ATTRIBUTE, None)
        if run is None:
            run = cls()
            setattr(root, _ATTRIBUTE, run)
        return run

    def default_provider(self) -> pulumi.ProviderResource:
        """Return the provider of resources that name none.

        Without an explicit provider the engine would use its own one for dynamic resources, and keep a copy of the
        whole stack config, secrets included, in the state (seen with Pulumi 3.259.0). Ours holds our settings alone.
        """
        if self._provider is None:
            self._provider = pulumi.ProviderResource(PACKAGE, NAMESPACE, _provider_inputs())
        return self._provider

    def declare(
        self,
        name: str,
        provider: pulumi.ProviderResource,
        org: tuple[Any, Any],
        keys: Sequence[str] | pulumi.Output[Sequence[str]],
    ) -> Declared:
        """Note one more resource. Two of one logical name can have two parents, so the name may be numbered.

        Not the URN: it is an output of the parent, and a resource that waits for its parent's outputs waits for itself.
        """
        self._names[name] += 1
        count = self._names[name]
        unique = name if count == 1 else f"{name} (number {count} of that name)"
        declared = Declared(unique, provider, org, keys)
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
            org = await asyncio.gather(*(_settled(given) for given in this.org))
            others = [one for one in self._declared if one is not this and one.provider is this.provider]
            late = [one for one in others if any(isinstance(x, pulumi.Output) for x in (*one.org, one.keys))]
            came = dict(zip(late, await asyncio.gather(*(_soon(one) for one in late)), strict=True))
            return _sort_out((org[0], org[1]), [came.get(one) or (one.org, frozenset(one.keys)) for one in others])

        return pulumi.Output.from_input(known())


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
    return (org_id, org), None if isinstance(keys, pulumi.Output) else frozenset(keys)


def _sort_out(org: tuple[Any, Any], others: Sequence[tuple[tuple[Any, Any], frozenset[str] | None]]) -> dict[str, Any]:
    near = [(theirs, keys) for theirs, keys in others if _same_org(org, theirs) is not False]
    claimed = {key for theirs, keys in near if _same_org(org, theirs) for key in keys or ()}
    doubtful: set[str] = set()
    otherwise: dict[tuple[Any, Any], set[str]] = {}
    for theirs, keys in near:
        known = _is_written(org) and _is_written(theirs)
        (otherwise.setdefault(theirs, set()) if known else doubtful).update((keys or frozenset()) - claimed)
    return {
        "claimed": json.dumps(sorted(claimed)),
        "otherwise": json.dumps([[*theirs, sorted(keys)] for theirs, keys in otherwise.items() if keys]),
        "doubtful": json.dumps(sorted(doubtful)),
        "open": any(keys is None for _, keys in near),
        "resources": len(others) + 1,
    }


def configured() -> dict[str, str]:
    """Return the settings that the stack's config holds."""
    config = pulumi.Config(NAMESPACE)
    return {name: value for name in SETTINGS if (value := config.get(name)) is not None}


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
