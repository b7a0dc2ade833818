"""The settings in the stack's config."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pulumi

from influx_secrets._errors import SettingsError
from influx_secrets._model.setting_names import INPUTS, NAMESPACE, known_inputs, nearest
from influx_secrets._text import quote


def stack_settings() -> dict[str, str]:
    """Return the settings that the stack's config holds.

    Raises:
        SettingsError: The config holds a name that is not a setting, or a secret that the state would show.
    """
    _refuse_unknown()
    _refuse_secret()
    config = pulumi.Config(NAMESPACE)
    return {name: value for name in known_inputs() if (value := config.get(name)) is not None}


def default_provider_inputs() -> dict[str, pulumi.Input[str]]:
    """Return the inputs of the provider that serves resources without one of their own."""
    given = stack_settings()
    _report_clear_text(given)
    return {
        setting.config_key: pulumi.Output.secret(given[setting.input]) if setting.is_secret else given[setting.input]
        for setting in INPUTS
        if setting.input in given
    }


def _report_clear_text(given: Iterable[str]) -> None:
    for setting in INPUTS:
        if setting.is_secret and setting.input in given and not pulumi.runtime.is_config_secret(setting.config_key):
            from influx_secrets._notices import say_on_stderr  # noqa: PLC0415 (few programs need it)

            say_on_stderr(
                f"the setting {setting.config_key} is not encrypted in the stack's config: run `pulumi config set "
                f"--secret {setting.config_key}`. If others may have seen the value, use a new value (IS627)"
            )


def _refuse_unknown() -> None:
    # A misspelt `verifyValues` would be ignored silently. The SDK lists the names of the stack's config only where
    # the engine puts them, in the environment, so not for a program inside the Automation API.
    if pulumi.get_project() == NAMESPACE:
        return  # The project's own config has this namespace too.
    prefix = f"{NAMESPACE}:"
    for name in sorted(pulumi.runtime.get_config_env()):
        namespace = name.partition(":")[0]
        if namespace not in {NAMESPACE, pulumi.get_project()} and _bare(namespace) == _bare(NAMESPACE):
            raise SettingsError(
                f"{quote(name)} in the stack's config has no effect, because settings of influx_secrets begin with "
                f"`{prefix}`. {_instead_of(name, name.partition(':')[2])} (IS231)"
            )
    names = {name.removeprefix(prefix) for name in pulumi.runtime.get_config_env() if name.startswith(prefix)}
    unknown = sorted(names.difference(known_inputs()))
    if unknown:
        name, near = f"{prefix}{unknown[0]}", nearest(unknown[0])
        known = f"Settings are {', '.join(known_inputs())}. Run `pulumi config rm {name}`"
        way = _instead_of(name, near) if near else known
        raise SettingsError(f"{quote(name)} in the stack's config is not a setting. {way} (IS215)")


def _instead_of(name: str, setting: str) -> str:
    """Return the commands that give a setting its right name, encrypted unless the state stores it in clear text."""
    right = f"{NAMESPACE}:{setting}"
    known = [one for one in INPUTS if one.config_key == right]
    is_secret = pulumi.runtime.is_config_secret(name) or any(one.is_secret for one in known)
    is_plain = not is_secret or any(one.is_stored for one in known)
    value = f"{right} VALUE" if is_plain else f"--secret {right}"
    return f"Run `pulumi config set {value}`, then `pulumi config rm {name}`"


def _bare(namespace: str) -> str:
    return re.sub("[-_]", "", namespace).lower().removesuffix("s")


def _refuse_secret() -> None:
    for setting in INPUTS:
        if setting.is_stored and pulumi.runtime.is_config_secret(setting.config_key):
            raise SettingsError(
                f"{setting.config_key} is secret in the stack's config, but the state stores it in clear text. If the "
                f"value is not confidential, run `pulumi config set --plaintext {setting.config_key} VALUE` (IS216)"
            )
