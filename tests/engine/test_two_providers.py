"""Resources of several providers, each of which is a process of its own, on one server."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine.leaks import leaks, places
from engine.stack import SECRET_TYPE, NewStack, Run, Stack, urn
from servers import InfluxdServer

from influx_secrets.emulator import Answer, Emulator

BEFORE = """
old = ResourceOptions(provider=influx.Provider("old"))
two = influx.Provider("two")
team = pulumi.ComponentResource("acme:Team", "team", opts=ResourceOptions(providers=[two]))
influx.Secret("renamed", org=ORG, key="RENAMED", value="1")
influx.Secret("moved-to-team", org=ORG, key="TEAM", value="2")
influx.Secret("switched", org=ORG, key="SWITCHED", value="3")
influx.Secret("swapped-a", org=ORG, key="A", value="one")
influx.Secret("swapped-b", org=ORG, key="B", value="two")
influx.Secret("provider-leaves", org=ORG, key="LEFT", value="4", opts=old)
influx.OrgSecrets("map", org=ORG, secrets={"STAYS": "5", "MOVES": "6", "GOES": "7"})
"""
AFTER = """
two = influx.Provider("two")
by_two = ResourceOptions(provider=two)
team = pulumi.ComponentResource("acme:Team", "team", opts=ResourceOptions(providers=[two]))
influx.Secret("renamed-now", org=ORG, key="RENAMED", value="1", opts=by_two)
influx.Secret("moved-to-team", org=ORG, key="TEAM", value="2", opts=ResourceOptions(parent=team))
influx.Secret("switched", org=ORG, key="SWITCHED", value="3", opts=by_two)
influx.Secret("swapped-a", org=ORG, key="B", value="two", opts=by_two)
influx.Secret("swapped-b", org=ORG, key="A", value="one")
influx.Secret("provider-left", org_id=ORG_ID, key="LEFT", value="4")
influx.OrgSecrets("map", org=ORG, secrets={"STAYS": "5"})
influx.Secret("from-map", org_id=ORG_ID, key="MOVES", value="6", opts=by_two)
"""
MAP_TYPE = SECRET_TYPE.replace("Secret", "OrgSecrets")
VALUES = {"RENAMED": "1", "TEAM": "2", "SWITCHED": "3", "A": "one", "B": "two", "LEFT": "4", "STAYS": "5", "MOVES": "6"}


@pytest.mark.parametrize("small", [pytest.param(False, marks=pytest.mark.smoke), True], ids=["operator", "small-token"])
def test_keys_that_move_between_providers_stay(stack: Stack, influxd: InfluxdServer, acme: str, *, small: bool) -> None:
    """In one run, under other names, to a component, out of a map, swapped, with a provider that leaves the program."""
    if small:
        stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme)
    stack.program(BEFORE).up()
    stack.program(AFTER, ORG_ID=influxd.org_id(acme)).up()
    assert influxd.values(acme) == VALUES
    assert set(stack.preview().steps.values()) == {"same"}
    stack.destroy("--run-program")
    assert influxd.values(acme) == {}
    stack.up()
    assert influxd.values(acme) == VALUES
    stack.destroy()
    assert influxd.values(acme) == {}


@pytest.mark.parametrize("small", [False, True], ids=["operator", "small-token"])
@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_key_of_a_resource_outside_of_the_run_stays(
    stack: Stack, influxd: InfluxdServer, acme: str, option: str, *, small: bool
) -> None:
    """The resource was renamed, and the run deletes it without checking the new one; what nothing declares goes."""
    if small:
        stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme)
    stack.program("""
influx.Secret("old", org=ORG, key="KEY", value="1")
influx.Secret("gone", org=ORG, key="GONE", value="2")
influx.OrgSecrets("old-map", org=ORG, secrets={"M": "3"})
""").up()
    stack.program("""
influx.Secret("new", org=ORG, key="KEY", value="1")
influx.OrgSecrets("new-map", org=ORG, secrets={"M": "3"})
""")
    named = {"new": SECRET_TYPE, "new-map": MAP_TYPE}
    if option == "--target":
        named = {"old": SECRET_TYPE, "gone": SECRET_TYPE, "old-map": MAP_TYPE}
    run = stack.up(*(part for name, kind in named.items() for part in (option, urn(kind, name))))
    deleted = dict.fromkeys(["old", "gone", "old-map"], "delete")
    assert run.steps == {**deleted, "new": "same", "new-map": "same"}
    assert influxd.values(acme) == {"KEY": "1", "M": "3"}
    for key, name in {"KEY": 'Secret "new"', "M": 'OrgSecrets "new-map"'}.items():
        assert f'"{key}" of the org' in run.output
        assert f"this run did not check {name}, which may declare the key too" in run.output
    assert stack.up().steps == {"new": "create", "new-map": "create"}
    assert influxd.values(acme) == {"KEY": "1", "M": "3"}


REFUSED = {
    "declared-twice": (
        """influx.Secret("one", org=ORG, key="K", value="1")
influx.OrgSecrets("two", org_id=ORG_ID, secrets={"K": "1"}, opts=by_two)""",
        "is declared twice",
    ),
    "exclusive": (
        """influx.OrgSecrets("one", org=ORG, secrets={"K": "1"}, exclusive=True)
influx.Secret("two", org_id=ORG_ID, key="L", value="1", opts=by_two)""",
        "has exclusive=True and must be the only resource of the org",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_conflict_of_two_providers_fails_the_preview(
    stack: Stack, influxd: InfluxdServer, acme: str, case: str
) -> None:
    """As it does within one provider: the server is the same."""
    body, message = REFUSED[case]
    header = 'by_two = ResourceOptions(provider=influx.Provider("two"))\n'
    run: Run = stack.program(header + body, ORG_ID=influxd.org_id(acme)).preview(fails=True)
    assert message in " ".join(run.output.split())
    assert influxd.values(acme) == {}


@pytest.mark.parametrize("opts", ["None", 'ResourceOptions(provider=influx.Provider("two"))'], ids=["one", "two"])
def test_exclusive_alone_in_the_target_spares_keys_outside(
    stack: Stack, influxd: InfluxdServer, acme: str, opts: str
) -> None:
    """A resource that the run leaves out may declare them; without `--target` the two are refused."""
    secret = f'influx.Secret("outside", org=ORG, key="K", value="1", opts={opts})'
    stack.program(secret).up()
    influxd.put_secret(acme, "STRAY", "theirs")
    stack.program(f'{secret}\ninflux.OrgSecrets("map", org=ORG, secrets={{"M": "2"}}, exclusive=True)')
    stack.up("--target", urn(MAP_TYPE, "map"))
    assert influxd.values(acme) == {"K": "1", "M": "2"}
    assert "has exclusive=True and must be the only resource of the org" in " ".join(
        stack.preview(fails=True).output.split()
    )


TOKENS = {"eu": "token-of-eu-never-shown", "us": "token-of-us-never-shown", "rotated": "token-of-eu-rotated"}
SERVERS = """
eu = influx.Provider("eu", url=EU, token_variable="EU_TOKEN")
us = influx.Provider("us", profile="us")
mapped = influx.Provider("mapped", url=EU, opts=ResourceOptions(env_var_mappings={"EU_TOKEN": "INFLUX_TOKEN"}))
for name, provider in {"eu": eu, "us": us, "mapped": mapped}.items():
    org_id = influx.get_org_output("acme", opts=pulumi.InvokeOptions(provider=provider)).id
    influx.Secret(name, org_id=org_id, key=f"KEY_{name}", value=VALUE, opts=ResourceOptions(provider=provider))
"""


def test_tokens_of_two_servers_are_read_in_each_run_and_left_nowhere(new_stack: NewStack, tmp_path: Path) -> None:
    """One named by a variable, one by a profile; `refresh` and `destroy` have no program, and find them too."""
    commands: set[bytes] = set()

    def before(method: str, path: str) -> Answer | None:
        del method, path
        commands.update(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
        return None

    with Emulator(("acme",), token=TOKENS["eu"], before=before) as eu, Emulator(("acme",), token=TOKENS["us"]) as us:
        profiles = tmp_path / "profiles"
        profiles.write_text(f'[us]\nurl = "{us.url}"\ntoken = "{TOKENS["us"]}"\n', "utf-8")
        environment = {"INFLUX_HOST": us.url, "INFLUX_TOKEN": "common", "INFLUX_CONFIGS_PATH": str(profiles)}
        stack = new_stack({**environment, "EU_TOKEN": TOKENS["eu"]}, EU=eu.url, VALUE="1")
        stack.program(SERVERS).up()
        assert (eu.secrets("acme"), us.secrets("acme")) == ({"KEY_eu": "1", "KEY_mapped": "1"}, {"KEY_us": "1"})
        stack.refresh()
        left = places(stack)
        del stack.environment["EU_TOKEN"]
        refused = stack.deploy("refresh", "--yes")
        assert "the environment variable EU_TOKEN is empty or missing" in refused.output
        url = eu.url
    port = int(url.rpartition(":")[2])
    with Emulator({"acme": eu.org_id("acme")}, token=TOKENS["rotated"], port=port) as eu, us:
        stack.environment["EU_TOKEN"] = TOKENS["rotated"]
        stack.up("--refresh")
        assert eu.secrets("acme") == {"KEY_eu": "1", "KEY_mapped": "1"}
        stack.destroy()
        assert eu.secrets("acme") == {}
    left |= {"processes": b"\n".join(commands), **places(stack)}
    assert [leaks(token, left) for token in TOKENS.values()] == [[], [], []]
