"""Many secrets of one org in one resource: what its preview names, what it costs, and what influxd then holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from engine.intercepting_proxy import Instead, InterceptingProxy
from engine.leaks import leaks, places
from engine.stack import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.stack import Stack
    from servers import InfluxdServer

PLANTED = "planted-8c1d07e2"
ROTATED = "rotated-5b7a93f4"


@pytest.fixture
def proxy(influxd: InfluxdServer, stack: Stack) -> Iterator[InterceptingProxy]:
    """A proxy that `stack` takes for influxd."""
    with InterceptingProxy(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        yield proxy


def refusing_patch(answer: Instead) -> Callable[[str, str], Instead | None]:
    """Let the server answer everything but a PATCH."""
    return lambda method, _: answer if method == "PATCH" else None


def test_change_of_three_among_thousand_keys_names_exactly_those(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """First up: one GET, one PATCH. One rotated, one removed, one added: named one by one, one PATCH, one POST."""
    program = """
        secrets = {f"KEY_{n:04}": f"{PLANTED}-{n}" for n in range(1000)}
        if CHANGED:
            secrets["KEY_0001"] = ROTATED
            secrets["KEY_1000"] = f"{PLANTED}-1000"
            del secrets["KEY_0002"]
        shared = influx.OrgSecrets("shared", org_id=ORG_ID, secrets=secrets)
        pulumi.export("versions", shared.versions)
    """
    constants = {"ORG_ID": influxd.org_id(acme), "PLANTED": PLANTED, "ROTATED": ROTATED}
    stack.program(program, CHANGED="", **constants).up()
    assert calls(proxy) == ["GET secrets 200", "PATCH secrets 204"]
    expected = {f"KEY_{n:04}": f"{PLANTED}-{n}" for n in range(1000)}
    assert influxd.values(acme) == expected

    preview = stack.program(program, CHANGED="yes", **constants).preview(diff=True)
    ours = [line for line in preview.changes if "KEY_" in line]
    assert sorted(set(ours)) == ["+ KEY_1000: 1", "- KEY_0002: 1", "~ KEY_0001: 1 => 2"]
    assert preview.steps == {"shared": "update"}
    assert calls(proxy) == ["GET secrets 200"]

    stack.up()
    assert calls(proxy) == ["GET secrets 200", "PATCH secrets 204", "POST delete 204"]
    del expected["KEY_0002"]
    expected |= {"KEY_0001": ROTATED, "KEY_1000": f"{PLANTED}-1000"}
    assert influxd.values(acme) == expected
    assert [leak for value in (PLANTED, ROTATED) for leak in leaks(value, places(stack))] == []


def test_values_unknown_one_by_one_leave_the_other_keys_shown(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A value that comes from another new resource shows as unknown; its neighbours stand, `__` names too."""
    stack.program('influx.OrgSecrets("shared", org=ORG, secrets={"A": "1", "B": "2", "__C": "3", "D": "4"})').up()
    changed = """
        gate = influx.Secret("gate", org=ORG, key="GATE", value="open")
        made = gate.id.apply(lambda id: f"made from {id}")
        shared = influx.OrgSecrets("shared", org=ORG, secrets={"A": made, "B": "2", "__C": "new", "NEW": made})
    """
    preview = stack.program(changed).preview(diff=True)
    assert [line for line in preview.changes if "digest" not in line and "version:" not in line][-4:] == [
        "~ A: 1 => [unknown]",
        "- D: 1",
        "+ NEW: 1",
        "~ \\__C: 1 => 2",
    ]
    stack.up()
    made = f"made from {influxd.org_id(acme)}/GATE"
    assert influxd.values(acme) == {"A": made, "B": "2", "GATE": "open", "NEW": made, "__C": "new"}
    assert set(stack.preview().steps.values()) == {"same"}


def test_whole_map_that_is_unknown_is_applied_once_it_is_known(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A map made of an output: the preview knows no key, the up writes and removes what it turns out to be."""
    stack.program('influx.OrgSecrets("shared", org=ORG, secrets={"A": "1", "OLD": "2"})').up()
    stack.program("""
        gate = influx.Secret("gate", org=ORG, key="GATE", value="open")
        made = gate.id.apply(lambda id: {"A": "1", "B": f"made from {id}"})
        shared = influx.OrgSecrets("shared", org=ORG, secrets=made)
        pulumi.export("keys", shared.keys)
    """)
    preview = stack.preview(diff=True)
    assert preview.steps == {"gate": "create", "shared": "update"}
    assert not [line for line in preview.changes if "OLD" in line and "+" in line]
    stack.up()
    assert influxd.values(acme) == {"A": "1", "B": f"made from {influxd.org_id(acme)}/GATE", "GATE": "open"}
    assert stack.stack_outputs() == {"keys": ["A", "B"]}


def test_options_unknown_in_a_preview_leave_open_what_they_decide(
    stack: Stack, influxd: InfluxdServer, acme: str
) -> None:
    """What a pattern keeps, whether anything is removed, and when a key is written are only known in the `up`."""
    influxd.put_secret(acme, "STRAY", "of nobody")
    influxd.put_secret(acme, "KEPT", "of somebody")
    influxd.put_secret(acme, "GATE", "open")
    declare = """
        gate = influx.Secret("gate", org_id=OTHER, key="GATE", value="open")
        known = gate.id.apply(lambda _: {})
        influx.OrgSecrets("shared", org=ORG, secrets={{"A": "1", "B": "2"}}, {})
    """
    other = influxd.create_org(f"{acme}-other")
    stack.program('influx.OrgSecrets("shared", org=ORG, secrets={"A": "1", "B": "2"})').up()
    for options in (
        'exclusive=True, keep=["GATE", known]',
        "exclusive=True, keep=known.apply(lambda pattern: [pattern, 'GATE'])",
        "exclusive=known.apply(bool), keep=['KEPT', 'GATE']",
        'rotate_on={"A": known, "B": "b"}',
        'rotate_on=known.apply(lambda text: {"A": text})',
    ):
        preview = stack.program(declare.format('"KEPT"', options), OTHER=other).preview()
        assert preview.steps == {"gate": "create", "shared": "update"}, options
    stack.program(declare.format('"KEPT"', 'exclusive=True, keep=["GATE", known]'), OTHER=other).up()
    assert influxd.keys(acme) == ["A", "B", "GATE", "KEPT"]
    assert set(stack.preview().steps.values()) == {"same"}


def test_value_none_is_refused_and_ignored_keys_are_left_alone(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A missing value never removes its key; `ignore_changes` of one key, or of the map, neither."""
    declare = 'influx.OrgSecrets("shared", org=ORG, secrets={}, opts=ResourceOptions(ignore_changes={}))'
    stack.program(declare.format('{"A": "1", "B": "2", "__C": "3"}', [])).up()
    refused = stack.program(declare.format('{"A": None, "B": "new", "__C": "3"}', [])).up(fails=True)
    assert 'DeclarationError: the value of the key "A" must be a string, not None' in refused.output
    assert influxd.values(acme) == {"A": "1", "B": "2", "__C": "3"}

    changed = '{"A": "new", "B": "new", "__C": "new"}'
    one = stack.program(declare.format(changed, ["secrets.A", "secrets.__C"])).up("--diff")
    assert [line for line in one.changes if not line.endswith("{")] == ["~ B: 1 => 2"]
    assert influxd.values(acme) == {"A": "1", "B": "new", "__C": "3"}

    whole = stack.program(declare.format('{"A": "x", "C": "y"}', ["secrets"])).up()
    assert whole.steps == {"shared": "same"}
    assert influxd.values(acme) == {"A": "1", "B": "new", "__C": "3"}


def test_patch_that_cannot_be_taken_writes_nothing(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """One key too large among 1,000 is named before anything is sent; what the server refuses is told in one line."""
    many = 'influx.OrgSecrets("shared", org=ORG, secrets={f"K{n}": PLANTED for n in range(1000)}'
    stack.program(many + ' | {"L" * 32753: PLANTED})', PLANTED=PLANTED)
    refused = stack.up(fails=True)
    (line,) = refused.errors
    assert f'the key "{"L" * 80}…" is longer than 32,752 bytes, which InfluxDB refuses' in line
    assert [call for call in calls(proxy) if "PATCH" in call] == []

    proxy.before = refusing_patch(Instead(422, "unprocessable entity", "not today"))
    failed = stack.program(many + ")", PLANTED=PLANTED).up(fails=True)
    (line,) = failed.errors
    assert f"of org {influxd.org_id(acme)}: HTTP 422" in line
    assert "not today" in line
    assert [call for call in calls(proxy) if "PATCH" in call] == ["PATCH secrets 422"]
    assert influxd.keys(acme) == []
    assert [one for one in stack.exported() if one["urn"].endswith("::shared")] == []
    assert leaks(PLANTED, places(stack)) == []


def test_versions_and_keys_are_used_by_other_resources(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """What depends on the version of one key changes when that key rotates, in the preview already, and only then."""
    program = """
        shared = influx.OrgSecrets("shared", org=ORG, secrets={"A": A, "B": B})
        influx.Secret("task", org=ORG, key="TASK", value="run", rotate_on=shared.versions["A"].apply(str))
        pulumi.export("versions", shared.versions)
        pulumi.export("keys", shared.keys)
    """
    stack.program(program, A="1", B="2").up()
    other = stack.program(program, A="1", B="new").up()
    assert other.steps == {"shared": "update", "task": "same"}
    preview = stack.program(program, A="new", B="new").preview(diff=True)
    assert preview.steps == {"shared": "update", "task": "update"}
    assert 'rotate_on: "1" => "2"' in preview.output
    stack.up()
    assert stack.stack_outputs() == {"keys": ["A", "B"], "versions": {"A": 2, "B": 2}}
    assert influxd.values(acme) == {"A": "new", "B": "new", "TASK": "run"}
