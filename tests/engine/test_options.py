"""What else a program can say about a secret: look it up, ignore it, rotate it, take it over, adopt it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.stack import SECRET_TYPE, calls, urn
from proxies import CountingProxy

if TYPE_CHECKING:
    from engine.stack import Stack
    from servers import InfluxdServer

LATER = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Makes(ResourceProvider):
    def create(self, props):
        return CreateResult("made", {"text": props["seed"] + "-made"})

    def diff(self, id_, olds, news):
        from pulumi.dynamic import DiffResult
        return DiffResult(changes=olds["text"] != news["seed"] + "-made", replaces=["seed"])

class Made(Resource):
    text: pulumi.Output[str]

    def __init__(self, name, seed):
        super().__init__(Makes(), name, {"seed": seed, "text": None})

made = Made("made", SEED)
"""


def test_value_of_another_resource_is_unknown_in_the_preview(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Nothing is claimed about it: neither that it changes nor that it stays; the run writes what came out."""
    program = f'{LATER}\ninflux.Secret("a", org=ORG, key="A", value=made.text)\n'
    program += 'influx.Secret("b", org=ORG, key=made.text, value="known")'
    stack.program(program, SEED="one").preview()
    assert influxd.keys(acme) == []
    stack.up()
    assert influxd.values(acme) == {"A": "one-made", "one-made": "known"}

    preview = stack.program(program, SEED="two").preview(diff=True)
    assert preview.steps["a"] == "update"
    assert preview.steps["b"] in {"create-replacement", "replace"}
    assert {line for line in preview.changes if "version" in line} == {"~ version: 1 => [unknown]"}
    assert influxd.values(acme) == {"A": "one-made", "one-made": "known"}
    stack.up()
    assert influxd.values(acme) == {"A": "two-made", "two-made": "known"}


def test_existing_secrets_are_adopted_refused_or_taken_over(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """An equal value becomes ours, and is said; another one is refused; with `overwrite` it is replaced."""
    influxd.put_secret(acme, "SAME", "equal")
    influxd.put_secret(acme, "OTHER", "theirs")
    stack.program("""
        influx.Secret("same", org=ORG, key="SAME", value="equal")
        influx.Secret("other", org=ORG, key="OTHER", value="ours", overwrite=True)
    """)
    preview = stack.preview()
    assert preview.steps == {"same": "create", "other": "create"}
    said = "\n".join(preview.diagnostics)
    assert 'adopts the key "SAME" of the org' in said
    assert 'takes over the key "OTHER" of the org' in said
    assert influxd.values(acme) == {"SAME": "equal", "OTHER": "theirs"}
    stack.up()
    assert influxd.values(acme) == {"SAME": "equal", "OTHER": "ours"}
    stack.destroy()
    assert influxd.keys(acme) == []


def test_secret_looked_up_is_read_and_left_alone(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """`Secret.get` finds what is there, fails for what is not, and a destroy does not touch it."""
    influxd.put_secret(acme, "theirs/1", "not ours")
    stack.program(
        """
        found = influx.Secret.get("found", f"{ID}/theirs/1")
        pulumi.export("found", {"org_id": found.org_id, "key": found.key, "version": found.version})
    """,
        ID=influxd.org_id(acme),
    ).up()
    assert stack.stack_outputs()["found"] == {"org_id": influxd.org_id(acme), "key": "theirs/1", "version": None}
    stack.destroy()
    assert influxd.values(acme) == {"theirs/1": "not ours"}
    missing = stack.program('influx.Secret.get("missing", f"{ID}/B")', ID=influxd.org_id(acme)).preview(fails=True)
    (error,) = set(missing.errors)
    assert 'has no secret with the key "B"' in error


def test_ignored_value_is_written_once(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """With `ignore_changes=["value"]` a later value is neither shown nor written, and a drift is told, not repaired."""
    program = 'influx.Secret("a", org=ORG, key="A", value=VALUE, opts=ResourceOptions(ignore_changes=["value"]))'
    stack.program(program, VALUE="one").up()
    assert stack.program(program, VALUE="two").up().steps == {"a": "same"}
    assert influxd.values(acme) == {"A": "one"}
    influxd.put_secret(acme, "A", "theirs")
    stack.refresh()
    assert stack.up().steps == {"a": "same"}
    assert stack.stored("a")["outputs"]["drift"] == "changed"
    assert influxd.values(acme) == {"A": "theirs"}


def test_rotate_on_decides_when_to_write(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A value made anew in every run is written when the text changes, and no digest of it is stored."""
    program = 'influx.Secret("a", org=ORG, key="A", value=VALUE, rotate_on=MONTH)'
    stack.program(program, VALUE="one", MONTH="2026-10").up()
    assert stack.program(program, VALUE="two", MONTH="2026-10").up().steps == {"a": "same"}
    assert influxd.values(acme) == {"A": "one"}
    preview = stack.program(program, VALUE="three", MONTH="2026-11").preview(diff=True)
    assert sorted(preview.changes) == ['~ rotate_on: "2026-10" => "2026-11"', "~ version: 1 => 2"]
    stack.up()
    assert influxd.values(acme) == {"A": "three"}
    assert stack.stored("a")["inputs"]["digest"]["plaintext"] == '""'


def test_drift_is_seen_and_repaired(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A refresh finds the value changed and the key removed outside; the preview names both, the up repairs them."""
    stack.program("""
        for key in "ABC":
            influx.Secret(key.lower(), org=ORG, key=key, value=f"value of {key}")
    """).up()
    influxd.put_secret(acme, "A", "theirs")
    influxd.remove_secret(acme, "B")
    refreshed = stack.refresh()
    assert refreshed.results == {"a": "update", "b": "delete", "c": "same"}
    preview = stack.preview(diff=True)
    assert preview.steps == {"a": "update", "b": "create", "c": "same"}
    assert {'- drift: "changed"', "~ version: 1 => 2"} <= set(preview.changes)
    stack.up()
    assert influxd.values(acme) == {key: f"value of {key}" for key in "ABC"}

    influxd.put_secret(acme, "B", "theirs")
    assert stack.up("--refresh").results == {"a": "same", "b": "update", "c": "same"}
    assert influxd.values(acme) == {key: f"value of {key}" for key in "ABC"}
    assert set(stack.up("--refresh").results.values()) == {"same"}


def test_only_the_value_is_hidden(stack: Stack, acme: str) -> None:
    """Secret outputs as org, key and text of rotation are made plain, so that a reviewer can read the preview."""
    preview = stack.program("""
        influx.Secret(
            "a",
            org=pulumi.Output.secret(ORG),
            key=pulumi.Output.secret("KEY"),
            value=pulumi.Output.secret("hunter2-hidden"),
            rotate_on=pulumi.Output.secret("2026-11"),
        )
    """).preview(diff=True)
    shown = {
        line.strip().partition(":")[0].strip(): line.partition(":")[2].strip() for line in preview.output.splitlines()
    }
    assert (shown["org"], shown["key"], shown["rotate_on"]) == (f'"{acme}"', '"KEY"', '"2026-11"')
    assert shown["version"] == "1"
    assert "hunter2" not in preview.output


def test_key_replaced_before_the_old_one_goes_or_after_is_kept(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """With `delete_before_replace` the engine deletes first what it then writes: the provider sends no such delete."""
    program = 'influx.Secret("a", org=ORG, key=KEY, value="one", opts=ResourceOptions(delete_before_replace=True))'
    stack.program(program, KEY="A").up()
    with CountingProxy(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        stack.up("--replace", urn(SECRET_TYPE, "a"))
        assert influxd.values(acme) == {"A": "one"}
        assert not [call for call in calls(proxy) if call.startswith("DELETE")]
        stack.program(program, KEY="B").up()
        assert influxd.values(acme) == {"B": "one"}
