"""A secret whose declaration moves in the program is still on the server afterwards, with the declared value."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from engine.stack import SECRET_TYPE, urn

from influx_secrets.emulator import Answer, Emulator

if TYPE_CHECKING:
    from engine.stack import NewStack, Stack
    from servers import InfluxdServer

A = 'influx.Secret("a", org=ORG, key="A", value="one")\n'
B = 'influx.Secret("b", org=ORG, key="B", value="two")\n'


@pytest.mark.parametrize(
    ("before", "after", "steps", "values"),
    [
        pytest.param(
            A,
            'influx.Secret("renamed", org=ORG, key="A", value="one")',
            {"renamed": ["create"], "a": ["delete"]},
            {"A": "one"},
            id="renamed",
        ),
        pytest.param(
            A,
            'influx.Secret("renamed", org=ORG, key="A", value="new", overwrite=True)',
            {"renamed": ["create"], "a": ["delete"]},
            {"A": "new"},
            id="renamed-with-new-value",
        ),
        pytest.param(
            A,
            'influx.Secret("renamed", org=ORG, key="A", value="one", '
            'opts=ResourceOptions(aliases=[pulumi.Alias(name="a")]))',
            {"renamed": ["same"]},
            {"A": "one"},
            id="renamed-with-alias",
        ),
        pytest.param(
            A,
            'team = pulumi.ComponentResource("acme:Team", "team")\n'
            'influx.Secret("a", org=ORG, key="A", value="one", opts=ResourceOptions(parent=team))',
            {"a": ["create", "delete"]},
            {"A": "one"},
            id="under-a-component",
        ),
        pytest.param(
            A + B,
            'influx.Secret("a", org=ORG, key="B", value="two")\ninflux.Secret("b", org=ORG, key="A", value="one")',
            {name: ["create-replacement", "replace", "delete-replaced"] for name in "ab"},
            {"A": "one", "B": "two"},
            id="keys-swapped",
        ),
        pytest.param(
            A,
            'influx.Secret("a", org=ORG, key="C", value="one")',
            {"a": ["create-replacement", "replace", "delete-replaced"]},
            {"C": "one"},
            id="other-key",
        ),
        pytest.param(
            A + B,
            A.replace('"A"', '"C"') + B.replace('"B"', '"A"').replace("two", "one"),
            {name: ["create-replacement", "replace", "delete-replaced"] for name in "ab"},
            {"C": "one", "A": "one"},
            id="key-passed-on",
        ),
    ],
)
def test_secret_moved_keeps_its_value(
    stack: Stack,
    influxd: InfluxdServer,
    acme: str,
    before: str,
    after: str,
    steps: dict[str, list[str]],
    values: dict[str, str],
) -> None:
    """The engine creates the new resource before it deletes the old one: a key that is declared stays."""
    stack.program(before).up()
    moved = stack.program(after).up()
    assert {name: sorted(found) for name, found in moved.operations.items()} == {
        name: sorted(wanted) for name, wanted in steps.items()
    }
    assert influxd.values(acme) == values
    again = stack.preview()
    assert set(again.steps.values()) == {"same"}


def test_secret_moved_to_another_org_leaves_nothing_behind(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Another org is another secret: written there, removed here, whether orgs are named or given by id."""
    other = f"{acme}-other"
    other_id = influxd.create_org(other)
    stack.program(A).up()
    stack.program(A, ORG=other).up()
    assert (influxd.values(acme), influxd.values(other)) == ({}, {"A": "one"})
    by_id = stack.program('influx.Secret("a", org_id=ID, key="A", value="one")', ID=other_id).up()
    assert by_id.steps == {"a": "same"}
    assert influxd.values(other) == {"A": "one"}
    stack.program('influx.Secret("a", org_id=ID, key="A", value="one")', ID=influxd.org_id(acme)).up()
    assert (influxd.values(acme), influxd.values(other)) == ({"A": "one"}, {})


def test_secret_replaced_by_force_is_kept(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """`--replace` writes and then deletes the very same key: the delete must not win."""
    stack.program(A + B).up()
    replaced = stack.up("--replace", urn(SECRET_TYPE, "a"))
    assert sorted(replaced.operations["a"]) == ["create-replacement", "delete-replaced", "replace"]
    assert influxd.values(acme) == {"A": "one", "B": "two"}
    assert stack.stored("a")["outputs"]["version"] == 1


def test_secret_renamed_in_two_targeted_runs_is_kept(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """With `--target` the new resource comes first, and the old one goes in a later run."""
    stack.program(A + B).up()
    stack.program('influx.Secret("renamed", org=ORG, key="A", value="one")\n' + B.replace("two", "three"))
    targeted = stack.up("--target", urn(SECRET_TYPE, "renamed"))
    assert targeted.steps["renamed"] == "create"
    assert influxd.values(acme) == {"A": "one", "B": "two"}
    assert stack.up().steps == {"renamed": "same", "b": "update", "a": "delete"}
    assert influxd.values(acme) == {"A": "one", "B": "three"}


def test_secret_renamed_whose_create_fails_is_kept(new_stack: NewStack) -> None:
    """With `--continue-on-error` the engine still deletes the old resource; the key stays."""
    broken = threading.Event()

    def refuse(method: str, path: str) -> Answer | None:
        del path
        return Answer(403) if broken.is_set() and method == "PATCH" else None

    with Emulator(("acme",), before=refuse) as emulator:
        stack = new_stack(emulator.environment, ORG="acme")
        stack.program(A + B).up()
        broken.set()
        renamed = A.replace('"a"', '"renamed"') + B
        failed = stack.program(renamed).up("--continue-on-error", fails=True)
        assert failed.operations == {"renamed": ["create"], "b": ["same"], "a": ["delete"]}
        assert emulator.secrets("acme") == {"A": "one", "B": "two"}
        broken.clear()
        assert stack.up().steps == {"renamed": "create", "b": "same"}
        assert emulator.secrets("acme") == {"A": "one", "B": "two"}
