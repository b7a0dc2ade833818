"""What one run of a program shares between its resources: the provider that the package makes when none is given."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from influx_secrets._providers import NAMESPACE, SETTINGS

PACKAGE: Final = "pulumi-python"
"""The engine's name for the plugin that runs dynamic providers."""

_ATTRIBUTE: Final = "_influx_secrets_provider"


def default_provider() -> pulumi.ProviderResource:
    """Return the provider of resources that name none, made once per run of a program.

    Without an explicit provider the engine would use its own one for dynamic resources, and keep a copy of the whole
    stack config, secrets included, in the state (seen with Pulumi 3.259.0). Ours holds our settings alone.
    """
    # Kept on the run's own object, for one process can run several programs side by side (Automation API).
    run: Any = pulumi.runtime.get_root_resource() or pulumi.runtime.settings.get_monitor()
    provider: pulumi.ProviderResource | None = getattr(run, _ATTRIBUTE, None)
    if provider is None:
        provider = pulumi.ProviderResource(PACKAGE, NAMESPACE, _configured())
        setattr(run, _ATTRIBUTE, provider)
    return provider


def _configured() -> dict[str, pulumi.Input[str]]:
    config = pulumi.Config(NAMESPACE)
    found = {name: config.get_secret(name) if name == "token" else config.get(name) for name in SETTINGS}
    return {setting(name): value for name, value in found.items() if value is not None}


def setting(name: str) -> str:
    """Return the full name of a setting, the same in a stack's config and in a provider's inputs."""
    return f"{NAMESPACE}:{name}"
