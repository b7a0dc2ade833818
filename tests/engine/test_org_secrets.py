"""Many secrets of one org in one resource: what the preview names, what it costs, and what influxd then holds."""

from __future__ import annotations

import pytest
from engine.leaks import leaks, places
from engine.stack import Stack, calls
from intercepting_proxy import InterceptingProxy
from servers import InfluxdServer

PLANTED = "planted-8c1d07e2"
ROTATED = "rotated-5b7a93f4"


@pytest.mark.smoke
def test_change_of_three_among_thousand_keys_names_exactly_those(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """One rotated, one removed, one added: named one by one, in two requests; what depends on one of them follows."""
    program = """
        secrets = {f"KEY_{n:04}": f"{PLANTED}-{n}" for n in range(1000)}
        if CHANGED:
            secrets["KEY_0001"] = ROTATED
            secrets["KEY_1000"] = f"{PLANTED}-1000"
            del secrets["KEY_0002"]
        shared = influx.OrgSecrets("shared", org_id=ORG_ID, secrets=secrets)
        for n in (1, 3):
            opts = ResourceOptions(depends_on=[shared])
            version = shared.versions[f"KEY_000{n}"].apply(str)
            influx.Secret(f"task-{n}", org_id=ORG_ID, key=f"TASK_{n}", value="run", rotate_on=version, opts=opts)
        pulumi.export("versions", shared.versions)
        pulumi.export("first", shared.keys[0])
    """
    constants = {"ORG_ID": influxd.org_id(acme), "PLANTED": PLANTED, "ROTATED": ROTATED}
    stack.program(program, CHANGED="", **constants).up()
    assert calls(proxy)[:2] == ["GET secrets 200", "PATCH secrets 204"]
    tasks = {"TASK_1": "run", "TASK_3": "run"}
    expected = {f"KEY_{n:04}": f"{PLANTED}-{n}" for n in range(1000)}
    assert influxd.values(acme) == expected | tasks

    preview = stack.program(program, CHANGED="yes", **constants).preview(diff=True)
    ours = [line for line in preview.changes if "KEY_" in line]
    assert sorted(set(ours)) == ["+ KEY_1000: 1", "- KEY_0002: 1", "~ KEY_0001: 1 => 2"]
    assert preview.steps == {"shared": "update", "task-1": "update", "task-3": "same"}
    assert 'rotate_on: "1" => "2"' in preview.output
    assert calls(proxy) == ["GET secrets 200"]

    # Without `--diff`, both parts of an `up` name the key that goes.
    applied = stack.up(preview=True)
    parts = applied.output.split("Updating")
    assert ['removes the key "KEY_0002" of the org' in part for part in parts] == [True, True]
    listed = ["GET secrets 200"] * 2
    assert calls(proxy) == [*listed, "PATCH secrets 204", "POST delete 204", "PATCH secrets 204"]
    del expected["KEY_0002"]
    expected |= {"KEY_0001": ROTATED, "KEY_1000": f"{PLANTED}-1000"}
    assert influxd.values(acme) == expected | tasks
    assert stack.stack_outputs() == {"first": "KEY_0000", "versions": dict.fromkeys(expected, 1) | {"KEY_0001": 2}}
    assert [leak for value in (PLANTED, ROTATED) for leak in leaks(value, places(stack))] == []


MADE = """
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

class Makes(ResourceProvider):
    def create(self, props):
        return CreateResult("made", {"text": props["seed"] + "-made"})

    def diff(self, id_, olds, news):
        return DiffResult(changes=olds["text"] != news["seed"] + "-made", replaces=["seed"])

class Made(Resource):
    text: pulumi.Output[str]

    def __init__(self, name, seed):
        super().__init__(Makes(), name, {"seed": seed, "text": None})

text = Made("made", SEED).text
"""


def test_unknown_inputs_leave_open_what_they_decide_and_nothing_else(
    stack: Stack, influxd: InfluxdServer, acme: str
) -> None:
    """Values, keys, maps, options that a preview cannot know: it claims nothing of them, and the `up` applies them."""
    declare = """
influx.Secret("value", org=ORG, key="VALUE", value=text)
influx.Secret("key", org=ORG, key=text, value="known")
influx.OrgSecrets("some", org=ORG, secrets={"A": text, "B": "2", "__C": NEW, **EXTRA(text)})
influx.OrgSecrets("whole", org=WHOLE, secrets=text.apply(lambda made: {"A": "1", made: "2"}))
options = {"exclusive": True, "keep": ["KEPT", text]} if SEED == "two" else {}
influx.OrgSecrets("strays", org=STRAYS, secrets={"A": "1"}, **options)
"""
    orgs = {"WHOLE": f"{acme}-whole", "STRAYS": f"{acme}-strays"}
    for org in orgs.values():
        influxd.create_org(org)
    for key in ("KEPT", "two-made", "STRAY"):
        influxd.put_secret(orgs["STRAYS"], key, "theirs")
    first = MADE + 'EXTRA = lambda text: {"D": "4"}\n' + declare
    stack.program(first, SEED="one", NEW="3", **orgs).preview()
    assert influxd.keys(acme) == []
    stack.up()
    values = {"VALUE": "one-made", "one-made": "known", "A": "one-made", "B": "2", "__C": "3", "D": "4"}
    assert influxd.values(acme) == values
    assert influxd.values(orgs["WHOLE"]) == {"A": "1", "one-made": "2"}

    second = MADE + 'EXTRA = lambda text: {"NEW": text}\n' + declare
    preview = stack.program(second, SEED="two", NEW="new", **orgs).preview(diff=True)
    assert influxd.values(acme) == values
    assert {name: preview.steps[name] for name in ("value", "some", "whole", "strays")} == dict.fromkeys(
        ("value", "some", "whole", "strays"), "update"
    )
    assert preview.steps["key"] in {"create-replacement", "replace"}
    assert "~ version: 1 => [unknown]" in preview.changes
    assert {"~ A: 1 => [unknown]", "- D: 1", "+ NEW: 1", "~ \\__C: 1 => 2", "+ pruned: [unknown]"} <= set(
        preview.changes
    )
    assert not [line for line in preview.changes if " B: " in line or "STRAY" in line]
    stack.up()
    changed = {"VALUE": "two-made", "two-made": "known", "A": "two-made", "B": "2", "__C": "new", "NEW": "two-made"}
    assert influxd.values(acme) == changed
    assert influxd.values(orgs["WHOLE"]) == {"A": "1", "two-made": "2"}
    assert influxd.values(orgs["STRAYS"]) == {"A": "1", "KEPT": "theirs", "two-made": "theirs"}
    assert set(stack.preview().steps.values()) == {"same"}
