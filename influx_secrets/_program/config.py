"""The settings in the stack's config."""

from __future__ import annotations

import pulumi

from influx_secrets._errors import SettingsError
from influx_secrets._provider.dynamic import NAMESPACE, SETTINGS


def stack_settings() -> dict[str, str]:
    """Return the settings that the stack's config holds.

    Raises:
        SettingsError: The config holds a name that is not a setting.
    """
    _refuse_unknown()
    config = pulumi.Config(NAMESPACE)
    return {name: value for name in SETTINGS if (value := config.get(name)) is not None}


def default_provider_inputs() -> dict[str, pulumi.Input[str]]:
    """Return the inputs of the provider that serves resources without one of their own."""
    given: dict[str, pulumi.Input[str]] = {setting(name): value for name, value in stack_settings().items()}
    token = given.get(setting("token"))
    return given if token is None else {**given, setting("token"): pulumi.Output.secret(token)}


def setting(name: str) -> str:
    """Return the full name of a setting, the same in a stack's config and in a provider's inputs."""
    return f"{NAMESPACE}:{name}"


def _refuse_unknown() -> None:
    # A misspelt `verifyValues` would be ignored silently. The SDK lists the names of the stack's config only where
    # the engine puts them, in the environment, so not for a program inside the Automation API.
    if pulumi.get_project() == NAMESPACE:
        return  # The project's own config has this namespace too.
    prefix = f"{NAMESPACE}:"
    names = {name.removeprefix(prefix) for name in pulumi.runtime.get_config_env() if name.startswith(prefix)}
    unknown = sorted(names.difference(SETTINGS))
    if unknown:
        known = ", ".join(sorted(SETTINGS))
        raise SettingsError(f"unknown setting {', '.join(map(repr, unknown))} in the stack's config; known are {known}")
