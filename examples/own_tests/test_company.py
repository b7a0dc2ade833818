"""Two ways to test a program: with Pulumi's mocks in a second, and with the engine on an emulated InfluxDB."""

from collections.abc import Callable
from typing import Any

import pulumi
from company import declare
from pulumi import automation

from influx_secrets.emulator import Emulator


class Mocks(pulumi.runtime.Mocks):
    """Keeps what the program declares; nothing is sent to any server."""

    def __init__(self) -> None:
        self.declared: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.declared[args.name] = args.inputs
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return args.args, None


def test_every_org_gets_the_slack_token() -> None:
    """What the program declares, without a server and without Pulumi's CLI."""
    mocks = Mocks()
    pulumi.runtime.set_mocks(mocks)

    @pulumi.runtime.test  # type: ignore[untyped-decorator]  # Pulumi gives it no types
    def program() -> None:
        declare("acme", "a-token")

    program()
    # Pulumi hands a mock what is secret wrapped in an object; what it wraps is called `value`.
    assert mocks.declared["acme"]["secrets"]["value"] == {"SLACK_TOKEN": "a-token", "REGION": "eu"}


def test_apply_puts_the_values_into_the_org(
    influxdb: Emulator, influxdb_stack: Callable[..., automation.Stack]
) -> None:
    """What the server holds after a real `pulumi up`; the fixtures come with the package."""
    stack = influxdb_stack(lambda: pulumi.export("versions", declare("acme", "a-token").versions))
    assert stack.up().outputs["versions"].value == {"SLACK_TOKEN": 1, "REGION": 1}
    assert influxdb.secrets("acme") == {"SLACK_TOKEN": "a-token", "REGION": "eu"}

    stack.destroy()
    assert influxdb.secrets("acme") == {}
