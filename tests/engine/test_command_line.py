"""The commands that know stacks, `list` and `adopt`, beside the real Pulumi CLI and engine."""

from __future__ import annotations

import pytest
from command_line import Command
from engine.stack import STACK, Stack
from servers import InfluxdServer

VALUES = {
    "BILLING": "planted-billing",
    'odd "key" {x}\n': "planted-odd",
    "__hidden": "planted-hidden",
    "smtp-password": "planted-smtp",
    "SMTP_PASSWORD": "planted-other",
}


@pytest.fixture
def command(stack: Stack, influxd: InfluxdServer, acme: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line in the folder of a stack's program, without the passphrase of the stack."""
    monkeypatch.chdir(stack.project)
    stack.pulumi("stack", "select", "--stack", STACK)  # for commands as they are typed
    kept = {name: value for name, value in stack.environment.items() if "PASSPHRASE" not in name}
    return Command({**kept, **influxd.environment, "INFLUX_ORG": acme}, {*VALUES.values()})


def test_list_marks_what_the_stack_manages(stack: Stack, command: Command, influxd: InfluxdServer, acme: str) -> None:
    """One key, many, and keys that a state holds escaped; the passphrase is not needed."""
    for key in ("BY_HAND", "0123456789abcdef-token"):
        influxd.put_secret(acme, key, "planted-smtp")
    stack.program("""
        influx.Secret("one", org=ORG, key="BILLING", value="planted-billing")
        influx.OrgSecrets("many", org=ORG, secrets={"__hidden": "planted-hidden", "SMTP": "planted-other"})
    """).up()
    done = command("list")
    assert done.code == 0
    assert done.rows == [
        ["0123456789abcdef-token", "nobody that is shown: its notification endpoint was deleted"],
        ["BILLING", '"one" of the stack'],
        ["BY_HAND", "-"],
        ["SMTP", '"many" of the stack'],
        ["__hidden", '"many" of the stack'],
    ]
    assert done.err == ""
    elsewhere = command("list", "--stack", "dev", "--cwd", str(stack.project), "--json").json["keys"]
    assert {"key": "BILLING", "manager": "stack", "resources": ["one"], "readers": []} in elsewhere
    assert command("list", "--stack", "no-such-stack").err.startswith('error: there is no stack "no-such-stack": ')


def test_adopt_program_adopts_every_key_and_nothing_foreign(
    stack: Stack, command: Command, influxd: InfluxdServer, acme: str
) -> None:
    """The printed program, with the right values, brings the org under Pulumi as it is."""
    foreign = {"0123456789abcdef-token": "planted-endpoint"}
    for key, value in {**VALUES, **foreign}.items():
        influxd.put_secret(acme, key, value)
    stack.set_secret("billing", "planted-of-another")
    plan = command("adopt", "--json").json
    names = {one["key"]: one["config"] for one in plan["keys"]}
    assert set(names) == set(VALUES)
    # What the config holds already is somebody else's.
    assert names["BILLING"] == "billing2"
    for key, name in names.items():
        assert f"pulumi config set --secret {name}" in plan["commands"]
        stack.set_secret(name, VALUES[key])
    (stack.project / "__main__.py").write_text(plan["program"], "utf-8")

    stack.up()

    assert influxd.values(acme) == {**VALUES, **foreign}
    (resource,) = [one for one in stack.exported() if one["type"].endswith(":OrgSecrets")]
    assert len(resource["outputs"]["versions"]) == len(VALUES)
    assert command("adopt").err == "note: there is nothing to adopt\n"
    assert {one["manager"] for one in command("list", "--json").json["keys"]} == {"stack", "leftover"}
