"""The Automation API: the same engine, driven by a Python program instead of a shell."""

from __future__ import annotations

import pulumi
import pytest
from engine.leaks import leaks, places
from engine.stack import NewStack, Stack
from pulumi import automation
from servers import InfluxdServer

import influx_secrets as influx

PLANTED = "hunter2-by-automation"


@pytest.fixture(autouse=True)
def _path(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the API find the CLI, and tell it of no proxy."""
    monkeypatch.setenv("PATH", stack.environment["PATH"])


def test_local_program_is_applied_and_destroyed(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A program in a folder: config set as a secret, up, no change, refresh, destroy."""
    stack.program("""
        secret = influx.Secret("a", org=ORG, key="A", value=config.require_secret("slack"))
        pulumi.export("version", secret.version)
    """)
    driven = automation.select_stack(
        "dev", work_dir=str(stack.project), opts=automation.LocalWorkspaceOptions(env_vars=stack.environment)
    )
    driven.set_config("slack", automation.ConfigValue(PLANTED, secret=True))
    done = driven.up(on_output=stack.outputs.append)
    assert done.outputs["version"].value == 1
    assert influxd.values(acme) == {"A": PLANTED}
    assert done.summary.resource_changes == {"create": 3}
    assert driven.preview(on_output=stack.outputs.append).change_summary == {"same": 3}
    assert leaks(PLANTED, places(stack)) == []
    driven.destroy(on_output=stack.outputs.append)
    assert influxd.keys(acme) == []


def test_inline_programs_have_a_provider_each(new_stack: NewStack, influxd: InfluxdServer, acme: str) -> None:
    """One process runs two programs, one after the other and again: no state of one reaches the other."""
    keys = ("A", "B")
    made = [new_stack(influxd.environment) for _ in keys]

    def driven(key: str, stack: Stack, value: str) -> automation.Stack:
        def program() -> None:
            secret = influx.Secret("a", org=acme, key=key, value=value)
            pulumi.export("version", secret.version)

        options = automation.LocalWorkspaceOptions(work_dir=str(stack.project), env_vars=stack.environment)
        return automation.select_stack("dev", project_name="e2e", program=program, opts=options)

    for value, version in (("one", 1), ("two", 2)):
        for key, stack in zip(keys, made, strict=True):
            done = driven(key, stack, f"{key} {value}").up(on_output=stack.outputs.append)
            assert done.outputs["version"].value == version
        assert influxd.values(acme) == {key: f"{key} {value}" for key in keys}
    for key, stack in zip(keys, made, strict=True):
        providers = [one for one in stack.exported() if one["type"].startswith("pulumi:providers:")]
        assert [one["urn"].rpartition("::")[2] for one in providers] == ["influx-secrets"]
        driven(key, stack, "").destroy(on_output=stack.outputs.append)
    assert influxd.keys(acme) == []
