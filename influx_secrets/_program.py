"""What the resources of one run of a program share: the provider for those that name none, and how many there are."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pulumi

from influx_secrets._providers import NAMESPACE, SETTINGS

PACKAGE: Final = "pulumi-python"
"""The engine's name for the plugin that runs dynamic providers."""

_ATTRIBUTE: Final = "_influx_secrets_run"


class Run:
    """One run of a program. It hangs on the run's own root: a process can run several side by side (Automation API)."""

    def __init__(self) -> None:
        self._provider: pulumi.ProviderResource | None = None
        self._declared: Counter[pulumi.ProviderResource] = Counter()
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

    def identify(self, name: str) -> str:
        """Return a name that no other resource of the program has; two of one logical name can have two parents.

        Not the URN: it is an output of the parent, and a resource that waits for its parent's outputs waits for itself.
        """
        self._names[name] += 1
        count = self._names[name]
        return name if count == 1 else f"{name} (number {count} of that name)"

    def declare(self, provider: pulumi.ProviderResource) -> pulumi.Output[int]:
        """Count one more resource of a provider; the output is their number once the program has declared them all."""
        self._declared[provider] += 1

        async def total() -> int:
            # Runs when the program's body has ended, for only then does the SDK begin to register resources.
            return self._declared[provider]

        return pulumi.Output.from_input(total())


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
