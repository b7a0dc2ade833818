"""The table of settings: what stands in it is a setting in every place."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Iterator

import pulumi
import pytest
from program_mocks import Mocks
from pulumi.dynamic import Config, ConfigureRequest

import influx_secrets as influx
from influx_secrets._model.setting_names import INPUTS, SELECTORS, SETTINGS, SettingName
from influx_secrets._program import functions, run
from influx_secrets._provider import process

FIELDS = [setting.field for setting in SETTINGS]
READERS = (influx.Provider, influx.SecretProvider, functions, process)
"""Imported before the table of a test takes the place of the real one, which each of them must look into."""


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more setting, a number, which stands in the table alone."""
    more = SettingName("more", "more", ("INFLUX_MORE",), kind="number", is_secret=True)
    for name, table in {"SETTINGS": SETTINGS, "INPUTS": INPUTS}.items():
        for module in list(sys.modules.values()):
            if getattr(module, name, None) is table:
                monkeypatch.setattr(module, name, (*table, more))


def test_each_setting_is_a_field_and_an_argument() -> None:
    """`Settings` and `Provider` take what the table names, in its order."""
    assert [field.name for field in dataclasses.fields(influx.Settings)] == FIELDS
    assert list(inspect.signature(influx.Provider).parameters) == [
        "resource_name",
        *FIELDS,
        *(selector.field for selector in SELECTORS),
        "opts",
    ]


@pytest.mark.usefixtures("one_more")
def test_one_more_setting_is_read_from_inputs_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source is asked for it, and named when its value cannot be used."""
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)  # which a provider lowers, in its own process
    request = ConfigureRequest(Config({"influx-secrets:more": "x"}, "project"))
    with pytest.raises(influx.SettingsError, match=r"influx-secrets:more \(more in a Provider\) must be a number"):
        influx.SecretProvider().configure(request)
    with pytest.raises(influx.SettingsError, match="INFLUX_MORE must be a number"):
        influx.Settings.resolve(environ={"INFLUX_MORE": "x"})
    with pytest.raises(influx.SettingsError, match=r"Settings are .*, more, "):
        influx.Settings.resolve({"unknown": "x"}, environ={})


@pytest.fixture
def program() -> Iterator[None]:
    """The run of a program whose stack config holds the setting."""
    pulumi.runtime.set_mocks(Mocks(), preview=False)
    pulumi.runtime.set_all_config({"influx-secrets:more": "x"})
    yield
    pulumi.runtime.set_all_config({})
    pulumi.runtime.settings.reset_options()


@pytest.mark.usefixtures("one_more", "program")
@pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK has no types here
def test_one_more_setting_is_read_from_the_stack_config() -> pulumi.Output[None]:
    """It reaches the functions of the program, and the default provider, secret as the table says."""
    with pytest.raises(influx.SettingsError, match=r"influx-secrets:more \(more in a Provider\) must be a number"):
        functions._settings(None)()
    given = pulumi.Output.from_input(functions._provider_settings(run.Run.current().default_provider)["more"])

    async def check() -> None:
        assert await given.future() == "x"
        assert await given.is_secret()

    return pulumi.Output.from_input(check())
