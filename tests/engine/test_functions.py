"""The functions that ask the server inside a program, and an org that is given by its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from engine.intercepting_proxy import InterceptingProxy
from engine.stack import calls

if TYPE_CHECKING:
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
    assert "NotFoundError: cannot find" in missing.output
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


def test_org_name_is_looked_up_once_for_many_resources(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Once per name and run; and not at all when the state knows the name."""
    other = f"{acme}-other"
    influxd.create_org(other)
    program = """
        for n in range(5):
            influx.Secret(f"s{n}", org=ORG, key=f"S{n}", value="1")
        maps = []
        for n in range(SIZE):
            # Where the third is checked before the others, nobody has told it the id yet.
            opts = ResourceOptions(depends_on=maps if n == 2 else [])
            maps.append(influx.OrgSecrets(f"m{n}", org=OTHER, secrets={f"M{n}": "1"}, opts=opts))
    """
    with InterceptingProxy(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        stack.program(program.replace("SIZE", "2"), OTHER=other).up()
        written = [key for one in proxy.passed if one.method == "PATCH" for key in json.loads(one.body)]
        assert sorted(written) == ["M0", "M1", "S0", "S1", "S2", "S3", "S4"]  # once each; some may go together
        asked = [call for call in calls(proxy) if call != "PATCH secrets 204"]
        assert sorted(asked) == ["GET orgs 200"] * 2 + ["GET secrets 200"] * 2
        stack.program(program.replace("SIZE", "3"), OTHER=other).up()
        assert sorted(calls(proxy)) == ["GET secrets 200", "PATCH secrets 204"]
    assert influxd.keys(acme) == [f"S{n}" for n in range(5)]
    assert influxd.keys(other) == ["M0", "M1", "M2"]
