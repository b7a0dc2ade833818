"""The settings in the stack's config."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pulumi

from influx_secrets._errors import SettingsError
from influx_secrets._model.setting_names import INPUTS, NAMESPACE, known_inputs, unknown_problem
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
                f"{setting.config_key} is not encrypted in the stack's config: run `pulumi config set --secret "
                f"{setting.config_key}`. If others may have seen the value, use a new one (IS627)"
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
            right = f"{prefix}{name.partition(':')[2]}"
            secrets = {one.config_key for one in INPUTS if one.is_secret}
            is_secret = right in secrets or pulumi.runtime.is_config_secret(name)
            raise SettingsError(
                f"{quote(name)} in the stack's config is ignored: settings of this package begin with `{prefix}`. Run "
                f"`pulumi config set {f'--secret {right}' if is_secret else f'{right} VALUE'}`, then `pulumi config rm "
                f"{name}` (IS231)"
            )
    names = {name.removeprefix(prefix) for name in pulumi.runtime.get_config_env() if name.startswith(prefix)}
    unknown = sorted(names.difference(known_inputs()))
    if unknown:
        problem = unknown_problem(unknown, " in the stack's config")
        problem += "" if problem.endswith("?") else "."
        raise SettingsError(f"{problem} Run `pulumi config rm {prefix}{unknown[0]}` (IS215)")


def _bare(namespace: str) -> str:
    return re.sub("[-_]", "", namespace).lower().removesuffix("s")


def _refuse_secret() -> None:
    for setting in INPUTS:
        if setting.is_stored and pulumi.runtime.is_config_secret(setting.config_key):
            raise SettingsError(
                f"{setting.config_key} is secret in the stack's config, and the state stores it in clear text: run "
                f"`pulumi config set --plaintext {setting.config_key} VALUE` (IS216)"
            )
