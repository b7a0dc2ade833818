"""The functions that ask the server inside a program."""

from __future__ import annotations

from engine.stack import NewStack, Stack
from servers import InfluxdServer


def test_functions_answer_in_a_program(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """An org's id and its sorted keys, asked at once or as outputs, of the server in the environment."""
    for key in ("B", "A"):
        influxd.put_secret(acme, key, "theirs")
    stack.program("""
        found = influx.get_org(ORG)
        later = influx.get_org_output(pulumi.Output.from_input(ORG))
        pulumi.export("id", found.id)
        pulumi.export("name", found.name)
        pulumi.export("later", later.id)
        pulumi.export("keys", list(influx.list_secret_keys(org=ORG)))
        pulumi.export("keys by id", influx.list_secret_keys_output(org_id=later.id).apply(list))
        pulumi.export("made", influx.Secret("made", org_id=later.id, key="C", value="ours").org_id)
    """).up()
    org_id = influxd.org_id(acme)
    assert stack.stack_outputs() == {
        "id": org_id,
        "name": acme,
        "later": org_id,
        "keys": ["A", "B"],
        "keys by id": ["A", "B"],
        "made": org_id,
    }
    assert influxd.values(acme)["C"] == "ours"
    missing = stack.program('influx.get_org("no-such-org")').preview(fails=True)
    assert "NotFoundError: cannot look up" in missing.output
    assert "no-such-org" in missing.output


def test_functions_ask_the_server_of_their_provider(new_stack: NewStack, influxd: InfluxdServer, acme: str) -> None:
    """`opts.provider` and the provider of `opts.parent` say where to ask, and with which token."""
    stack = new_stack({"INFLUX_HOST": "http://127.0.0.1:9"}, ORG=acme, URL=influxd.url)
    stack.set_secret("token", influxd.token)
    stack.program("""
        eu = influx.Provider("eu", url=URL, token=config.require_secret("token"), max_attempts=2)
        team = pulumi.ComponentResource("acme:Team", "team", opts=ResourceOptions(providers=[eu]))
        org = influx.get_org_output(ORG, opts=pulumi.InvokeOptions(provider=eu))
        made = influx.Secret("made", org_id=org.id, key="A", value="ours", opts=ResourceOptions(parent=team))
        keys = made.key.apply(lambda _: ORG)
        pulumi.export("id", org.id)
        asked = influx.list_secret_keys_output(org=keys, opts=pulumi.InvokeOptions(parent=team))
        pulumi.export("keys", asked.apply(list))
    """).up()
    assert stack.stack_outputs() == {"id": influxd.org_id(acme), "keys": ["A"]}
    assert influxd.values(acme) == {"A": "ours"}
