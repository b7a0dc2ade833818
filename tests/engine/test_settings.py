"""Where the url and the token come from, in the real engine, and which of it the state keeps."""

from __future__ import annotations

from engine.leaks import leaks, places
from engine.stack import NewStack
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
    assert "The token is wrong, revoked, or of another server" in stack.refresh(fails=True).output

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


def test_each_resource_uses_its_provider_and_the_state_keeps_no_more_than_their_settings(
    new_stack: NewStack, influxd: InfluxdServer, acme: str
) -> None:
    """The default one has the stack's settings and nothing else of its config; tokens are encrypted, urls are not."""
    orgs = {"OTHER": f"{acme}-other", "THIRD": f"{acme}-third"}
    for org in orgs.values():
        influxd.create_org(org)
    stack = new_stack({"INFLUX_HOST": "http://127.0.0.1:9", "INFLUX_TOKEN": "wrong"}, URL=influxd.url, **orgs)
    plain = [f"influx-secrets:url={influxd.url}", f"influx-secrets:org={acme}", "plain=in the open"]
    secret = [
        f"influx-secrets:token={influxd.token}",
        f"token={influxd.token}",
        "unrelated=a value of the stack config",
    ]
    given = [part for text in plain for part in ("--plaintext", text)]
    given += [part for text in secret for part in ("--secret", text)]
    stack.pulumi("config", "set-all", *given)
    stack.program("""
        token = config.require_secret("token")
        first = influx.Provider("first", url=URL, token=token, org=OTHER)
        second = influx.Provider("second", url=URL, token=token, org=THIRD)
        influx.Secret("default", key="A", value="default")
        influx.Secret("named", key="A", value="named", opts=ResourceOptions(provider=first))
        team = pulumi.ComponentResource("acme:Team", "team", None, ResourceOptions(providers=[second]))
        influx.Secret("inherited", key="A", value="inherited", opts=ResourceOptions(parent=team))
    """).up()
    assert influxd.values(acme) == {"A": "default"}
    assert influxd.values(orgs["OTHER"]) == {"A": "named"}
    assert influxd.values(orgs["THIRD"]) == {"A": "inherited"}
    left = places(stack)
    assert leaks("a value of the stack config", left) == []
    assert {leak.place for leak in leaks(influxd.token, left)} == {"export --show-secrets"}
    found = {leak.place for leak in leaks("in the open", left)}
    assert "project/Pulumi.dev.yaml" in found
    assert found.isdisjoint({"state/.pulumi/stacks/e2e/dev.json", "export --show-secrets"})
    resources = {one["urn"].rpartition("::")[2]: one for one in stack.exported()}
    used = {name: resources[name]["provider"].split("::")[3] for name in ("default", "named", "inherited")}
    assert used == {"default": "influx-secrets", "named": "first", "inherited": "second"}
    providers = {name for name, one in resources.items() if one["type"].startswith("pulumi:providers:")}
    assert providers == {"influx-secrets", "first", "second"}
    stack.destroy()
    assert influxd.keys(acme) == []
