"""What the resources of one run of a program know of each other: the provider they share, who declares which keys."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from influx_secrets._providers import NAMESPACE, SETTINGS

PACKAGE: Final = "pulumi-python"
"""The engine's name for the plugin that runs dynamic providers."""

_ATTRIBUTE: Final = "_influx_secrets_run"


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """One resource of the program, as far as the program itself knows it.

    Attributes:
        name: In words, and unlike that of every other one.
        provider: Stands for the process that will serve it.
        org: The inputs `org_id` and `org`, which may be outputs.
        keys: The declared keys; None where they are an output.
    """

    name: str
    provider: pulumi.ProviderResource
    org: tuple[Any, Any]
    keys: frozenset[str] | None


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
        self, name: str, provider: pulumi.ProviderResource, org: tuple[Any, Any], keys: frozenset[str] | None
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

        `claimed` is a JSON list of the keys of those that are certainly on the same org; `resources` is how many
        resources to wait for where some may be on the same org or not, else 0.
        """

        async def known() -> dict[str, Any]:
            # Runs when the program's body has ended, for only then does the SDK begin to register resources.
            others = [one for one in self._declared if one is not this and one.provider is this.provider]
            beside = [(one, _same_org(this.org, one.org)) for one in others]
            claimed = {key for one, same in beside if same and one.keys is not None for key in one.keys}
            open_ = any(same is None or (same and one.keys is None) for one, same in beside)
            return {"claimed": json.dumps(sorted(claimed)), "resources": len(others) + 1 if open_ else 0}

        return pulumi.Output.from_input(known())


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
    if not all(given is None or isinstance(given, str) for given in (*one, *other)):
        return None
    comparable = [given is None for given in one] == [given is None for given in other]
    return one == other if comparable else None
