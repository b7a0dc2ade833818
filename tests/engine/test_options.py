"""What a program says of a secret besides its value: ignore changes, replace it, look it up."""

from __future__ import annotations

import pytest
from engine.stack import SECRET_TYPE, Stack, urn
from servers import InfluxdServer


@pytest.mark.smoke
def test_ignored_changes_are_neither_shown_nor_written(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A secret's value, some keys of a map, a whole map, everything: later values stay out, drift is reported only."""
    program = """
        ignoring = lambda *paths: ResourceOptions(ignore_changes=[*paths])
        influx.Secret("a", org=ORG, key="A", value=VALUE, opts=ignoring("value"))
        influx.OrgSecrets("some", org=ORG, secrets={key: VALUE for key in ("B", "C", "__D")}, opts=ignoring(*SOME))
        influx.OrgSecrets("whole", org=ORG, secrets={WHOLE: VALUE}, opts=ignoring("secrets"))
        influx.OrgSecrets("all", org=ORG, secrets={"F": VALUE}, opts=ignoring("*"))
        influx.Secret("every", org=ORG, key="G", value=VALUE, opts=ignoring("*"))
    """
    stack.program(program.replace("*SOME", ""), VALUE="one", WHOLE="E").up()
    later = program.replace("*SOME", '"secrets.B", "secrets.__D"')
    changed = stack.program(later, VALUE="two", WHOLE="OTHER").up("--diff")
    assert changed.steps == {"a": "same", "some": "update", "whole": "same", "all": "same", "every": "same"}
    assert [line for line in changed.changes if not line.endswith("{")] == ["~ C: 1 => 2"]
    assert influxd.values(acme) == {"C": "two"} | dict.fromkeys(["A", "B", "__D", "E", "F", "G"], "one")

    influxd.put_secret(acme, "A", "theirs")
    stack.refresh()
    assert set(stack.up().steps.values()) == {"same"}
    assert stack.stored("a")["outputs"]["drift"] == "changed"
    assert influxd.values(acme)["A"] == "theirs"


def test_replacement_writes_the_own_key_with_a_new_value(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """By a trigger and by `replace_with`, with a new value, one key drifted: nothing is taken for a stranger's."""
    program = """
        a = influx.Secret("a", org=ORG, key="A", value=VALUE, opts=ResourceOptions(replacement_trigger=VALUE))
        opts = ResourceOptions(replace_with=[a])
        influx.OrgSecrets("b", org=ORG, secrets={"B": VALUE, "C": "same"}, opts=opts)
    """
    stack.program(program, VALUE="one").up()
    influxd.put_secret(acme, "B", "theirs")
    stack.refresh()
    replaced = stack.program(program, VALUE="two").up("--diff")
    assert [line for line in replaced.changes if "{" not in line and "drift" not in line] == [
        "~ version: 1 => 2",
        '- B: "changed"',
        "~ B: 1 => 2",
        "~ C: 1 => 2",
        '- B: "changed"',
    ]
    assert influxd.values(acme) == {"A": "two", "B": "two", "C": "same"}
    assert set(stack.preview().steps.values()) == {"same"}


def test_advice_of_a_refusal_works(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """For a new name and for a taint, each with a new value: an alias, and overwrite in one run."""
    program = 'influx.Secret(NAME, org=ORG, key="K", value=VALUE, overwrite=OVERWRITE)'
    stack.program(program, NAME="old", VALUE="1", OVERWRITE=False).up()
    refused = stack.program(program, NAME="new", VALUE="2", OVERWRITE=False).preview(fails=True)
    assert "add an alias" in refused.output
    alias = "opts=ResourceOptions(aliases=[pulumi.Alias(name='old')])"
    renamed = stack.program(program.replace("overwrite=OVERWRITE", alias), NAME="new", VALUE="2").up()
    assert renamed.steps == {"new": "update"}
    stack.pulumi("state", "taint", urn(SECRET_TYPE, "new"), "--yes")
    refused = stack.program(program, NAME="new", VALUE="3", OVERWRITE=False).preview(fails=True)
    assert "set overwrite=True for one run" in refused.output
    stack.program(program, NAME="new", VALUE="3", OVERWRITE=True).up()
    stack.program(program, NAME="new", VALUE="4", OVERWRITE=True).up("--replace", urn(SECRET_TYPE, "new"))
    assert influxd.values(acme) == {"K": "4"}


def test_secret_looked_up_is_read_and_left_alone(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """`Secret.get` finds what exists, fails for what does not, and a destroy does not touch it."""
    influxd.put_secret(acme, "theirs/1", "not ours")
    program = """
        found = influx.Secret.get("found", f"{ID}/{KEY}")
        pulumi.export("found", {"org_id": found.org_id, "key": found.key, "version": found.version})
    """
    org_id = influxd.org_id(acme)
    stack.program(program, ID=org_id, KEY="theirs/1").up()
    assert stack.stack_outputs()["found"] == {"org_id": org_id, "key": "theirs/1", "version": None}
    stack.destroy()
    assert influxd.values(acme) == {"theirs/1": "not ours"}
    missing = stack.program(program, ID=org_id, KEY="B").preview(fails=True)
    (error,) = set(missing.errors)
    assert 'has no secret with the key "B"' in error
