"""Where the url and the token come from, in the real engine, and which of it the state keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from engine.leaks import leaks, places
from engine.stack import PROVIDER_TYPE

if TYPE_CHECKING:
    from engine.stack import NewStack, Stack
    from servers import InfluxdServer

ONE = 'influx.Secret("a", org=ORG, key="A", value=VALUE)\n'
SERVER = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Starts(ResourceProvider):
    def create(self, props):
        return CreateResult("server", {"url": props["address"], "token": props["password"]})

class Server(Resource):
    def __init__(self, name, address, password):
        props = {"address": address, "password": pulumi.Output.secret(password), "url": None, "token": None}
        super().__init__(Starts(), name, props)

server = Server("server", ADDRESS, PASSWORD)
"""


def test_token_rotated_in_the_environment_works_at_once(new_stack: NewStack, influxd: InfluxdServer, acme: str) -> None:
    """After the old token was revoked, up, refresh and destroy use the new one: the old one is stored nowhere."""
    tokens = [influxd.create_token(acme) for _ in range(4)]
    stack = new_stack({"INFLUX_HOST": influxd.url, "INFLUX_TOKEN": tokens[0]}, ORG=acme)
    stack.program(ONE, VALUE="one").up()
    influxd.revoke_token(tokens[0])
    assert "the server does not know the token: it is wrong or revoked" in stack.refresh(fails=True).output

    stack.environment["INFLUX_TOKEN"] = tokens[1]
    stack.program(ONE, VALUE="two").up()
    assert influxd.values(acme) == {"A": "two"}
    influxd.revoke_token(tokens[1])
    stack.environment["INFLUX_TOKEN"] = tokens[2]
    assert stack.refresh().results == {"a": "same"}
    influxd.revoke_token(tokens[2])
    stack.environment["INFLUX_TOKEN"] = tokens[3]
    stack.destroy()
    assert influxd.keys(acme) == []
    left = places(stack)
    assert [leak for token in tokens for leak in leaks(token, left)] == []


def test_server_made_in_the_same_program_is_used(new_stack: NewStack, influxd: InfluxdServer, acme: str) -> None:
    """Url and token are outputs that a preview does not know: it says so, and the run works."""
    stack = new_stack({"INFLUX_HOST": "http://127.0.0.1:9"}, ORG=acme, ADDRESS=influxd.url, PASSWORD=influxd.token)
    program = f"""{SERVER}
made = influx.Provider("made", url=server.url, token=server.token)
influx.Secret("a", org=ORG, key="A", value=VALUE, opts=ResourceOptions(provider=made))
"""
    preview = stack.program(program, VALUE="one").preview(diff=True)
    assert preview.steps == {"server": "create", "a": "create"}
    assert influxd.keys(acme) == []
    stack.up()
    assert influxd.values(acme) == {"A": "one"}
    rotated = stack.program(program, VALUE="two").preview(diff=True)
    assert rotated.changes == ["~ version: 1 => 2"]
    stack.up()
    assert stack.refresh().results["a"] == "same"
    stack.destroy()
    assert influxd.keys(acme) == []


def test_default_provider_is_ours_and_holds_no_stack_config(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """The state has one provider, named after the package, without the stack's config or the engine's own provider."""
    stack.set_secret("unrelated", "a value of the stack config")
    stack.set_config("plain", "in the open")
    stack.program(ONE, VALUE="one").up()
    providers = [one for one in stack.exported() if one["type"].startswith("pulumi:providers:")]
    assert [one["urn"] for one in providers] == [f"urn:pulumi:dev::e2e::{PROVIDER_TYPE}::influx-secrets"]
    assert providers[0].get("inputs", {}) == {}
    assert providers[0].get("outputs", {}) == {}
    left = places(stack)
    assert leaks("a value of the stack config", left) == []
    found = {leak.place for leak in leaks("in the open", left)}
    assert "project/Pulumi.dev.yaml" in found
    assert found.isdisjoint({"state/.pulumi/stacks/e2e/dev.json", "export --show-secrets"})
    assert influxd.values(acme) == {"A": "one"}


def test_stack_config_of_our_namespace_reaches_the_default_provider(
    new_stack: NewStack, influxd: InfluxdServer, acme: str
) -> None:
    """url, token and org come from `influx-secrets:*`; the token is stored as a secret, and encrypted."""
    stack = new_stack({"INFLUX_HOST": "http://127.0.0.1:9", "INFLUX_TOKEN": "wrong"})
    stack.set_config("influx-secrets:url", influxd.url)
    stack.set_config("influx-secrets:org", acme)
    stack.set_secret("influx-secrets:token", influxd.token)
    stack.program('influx.Secret("a", key="A", value="one")').up()
    assert influxd.values(acme) == {"A": "one"}
    assert {leak.place for leak in leaks(influxd.token, places(stack))} == {"export --show-secrets"}
    stack.destroy()
    assert influxd.keys(acme) == []


def test_misspelt_setting_in_the_stack_config_is_refused(stack: Stack) -> None:
    """Nobody would read it, and whoever set it believes that it holds."""
    stack.set_config("influx-secrets:verifyvalues", "always")
    refused = stack.program('influx.Secret("a", org=ORG, key="A", value="one")').preview(fails=True)
    assert "unknown setting 'verifyvalues' in the stack's config; known are allowInsecure, " in refused.output


def test_project_of_our_name_may_have_settings_of_its_own(stack: Stack) -> None:
    """Its config has the namespace of the settings."""
    (stack.project / "Pulumi.yaml").write_text("name: influx-secrets\nruntime: python\n", "utf-8")
    stack.pulumi("stack", "init", "dev")
    stack.set_secret("slackToken", "one")
    stack.program("""influx.Secret("a", org=ORG, key="A", value=config.require_secret("slackToken"))""")
    assert stack.preview().steps == {"a": "create"}


def test_two_providers_serve_two_servers_in_one_program(new_stack: NewStack, influxd: InfluxdServer, acme: str) -> None:
    """Each resource goes to the server of its provider: named, inherited from a component, or the default one."""
    other, third = f"{acme}-other", f"{acme}-third"
    for org in (other, third):
        influxd.create_org(org)
    stack = new_stack(influxd.environment, ORG=acme, OTHER=other, THIRD=third, URL=influxd.url)
    stack.program("""
        first = influx.Provider("first", org=OTHER)
        second = influx.Provider("second", url=URL, org=THIRD)
        influx.Secret("default", org=ORG, key="A", value="default")
        influx.Secret("named", key="A", value="named", opts=ResourceOptions(provider=first))
        team = pulumi.ComponentResource("acme:Team", "team", None, ResourceOptions(providers=[second]))
        influx.Secret("inherited", key="A", value="inherited", opts=ResourceOptions(parent=team))
    """).up()
    assert influxd.values(acme) == {"A": "default"}
    assert influxd.values(other) == {"A": "named"}
    assert influxd.values(third) == {"A": "inherited"}
    used = {name: stack.stored(name)["provider"].split("::")[3] for name in ("default", "named", "inherited")}
    assert used == {"default": "influx-secrets", "named": "first", "inherited": "second"}


@pytest.mark.parametrize("given", ["url", "token"])
def test_token_as_provider_input_is_stored_as_a_secret(stack: Stack, influxd: InfluxdServer, given: str) -> None:
    """What a `Provider` is given is stored with it; the token is encrypted, the url can be read."""
    token = influxd.token if given == "token" else None
    stack.environment["INFLUX_TOKEN"] = "wrong" if given == "token" else influxd.token
    stack.program(f"""
        given = influx.Provider("given", url={influxd.url!r}, token={token!r})
        influx.Secret("a", org=ORG, key="A", value="one", opts=ResourceOptions(provider=given))
    """).up()
    found = {leak.place for leak in leaks(influxd.token, places(stack))}
    assert found == ({"export --show-secrets"} if given == "token" else set())
