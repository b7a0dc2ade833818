"""A secret whose declaration moves in the program is still on the server afterwards, with the declared value."""

from __future__ import annotations

import threading

import pytest
from engine.stack import SECRET_TYPE, NewStack, Stack, calls, urn
from intercepting_proxy import InterceptingProxy
from servers import InfluxdServer

from influx_secrets.emulator import Answer, Emulator

BEFORE = """
team = pulumi.ComponentResource("acme:Team", "team")
influx.Secret("renamed", org=ORG, key="RENAMED", value="1")
influx.Secret("renamed-with-value", org=ORG, key="NEW_VALUE", value="old")
influx.Secret("aliased", org=ORG, key="ALIASED", value="2")
influx.Secret("adopted-by-team", org=ORG, key="TEAM", value="3")
influx.Secret("swapped-a", org=ORG, key="A", value="one")
influx.Secret("swapped-b", org=ORG, key="B", value="two")
influx.Secret("other-key", org=ORG, key="OLD", value="4")
influx.Secret("passes-on", org=ORG, key="P", value="5")
influx.Secret("takes-over", org=ORG, key="Q", value="6")
influx.Secret("deleted-first", org=ORG, key="D", value="7", opts=ResourceOptions(delete_before_replace=True))
influx.Secret("other-org", org=ORG, key="ORG", value="8")
"""
AFTER = """
team = pulumi.ComponentResource("acme:Team", "team")
influx.Secret("renamed-now", org=ORG, key="RENAMED", value="1")
influx.Secret("renamed-with-value-now", org=ORG, key="NEW_VALUE", value="new", overwrite=True)
alias = ResourceOptions(aliases=[pulumi.Alias(name="aliased")])
influx.Secret("aliased-now", org=ORG, key="ALIASED", value="2", opts=alias)
influx.Secret("adopted-by-team", org=ORG, key="TEAM", value="3", opts=ResourceOptions(parent=team))
influx.Secret("swapped-a", org=ORG, key="B", value="two")
influx.Secret("swapped-b", org=ORG, key="A", value="one")
influx.Secret("other-key", org=ORG, key="NEW", value="4")
influx.Secret("passes-on", org=ORG, key="R", value="5")
influx.Secret("takes-over", org=ORG, key="P", value="5")
influx.Secret("deleted-first", org=ORG, key="E", value="7", opts=ResourceOptions(delete_before_replace=True))
influx.Secret("other-org", org_id=OTHER_ID, key="ORG", value="8")
"""
REPLACED = ["create-replacement", "delete-replaced", "replace"]


@pytest.mark.smoke
def test_secrets_that_move_keep_their_keys(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """All moves in one run, then a forced replacement: no key that is declared afterwards is removed."""
    other = influxd.create_org(f"{acme}-other")
    stack.program(BEFORE).up()
    moved = stack.program(AFTER, OTHER_ID=other).up()
    assert {name: sorted(operations) for name, operations in moved.operations.items()} == {
        "renamed": ["delete"],
        "renamed-now": ["create"],
        "renamed-with-value": ["delete"],
        "renamed-with-value-now": ["create"],
        "aliased-now": ["same"],
        "adopted-by-team": ["create", "delete"],
        **dict.fromkeys(("swapped-a", "swapped-b", "other-key", "passes-on", "takes-over", "other-org"), REPLACED),
        "deleted-first": REPLACED,
    }
    stays = {"RENAMED": "1", "ALIASED": "2", "TEAM": "3", "A": "one", "B": "two", "P": "5"}
    values = {**stays, "NEW_VALUE": "new", "NEW": "4", "R": "5", "E": "7"}
    assert influxd.values(acme) == values
    assert influxd.values(f"{acme}-other") == {"ORG": "8"}

    calls(proxy)
    forced = stack.up("--replace", urn(SECRET_TYPE, "swapped-a"), "--replace", urn(SECRET_TYPE, "deleted-first"))
    assert sorted(forced.operations["swapped-a"]) == sorted(forced.operations["deleted-first"]) == REPLACED
    assert not [call for call in calls(proxy) if call.startswith("DELETE")]
    assert influxd.values(acme) == values
    assert set(stack.preview().steps.values()) == {"same"}


def test_secret_renamed_in_two_runs_or_with_a_failed_create_is_kept(new_stack: NewStack) -> None:
    """With `--target` the old resource goes in a later run; with `--continue-on-error` although the new one failed."""
    refusing = threading.Event()

    def refuse(method: str, path: str) -> Answer | None:
        del path
        return Answer(403) if refusing.is_set() and method == "PATCH" else None

    program = 'influx.Secret(A_IS, org=ORG, key="A", value="one")\ninflux.Secret("b", org=ORG, key="B", value=VALUE)'
    with Emulator(("acme",), before=refuse) as emulator:
        stack = new_stack(emulator.environment, ORG="acme")
        stack.program(program, A_IS="a", VALUE="two").up()
        stack.program(program, A_IS="renamed", VALUE="three").up("--target", urn(SECRET_TYPE, "renamed"))
        assert emulator.secrets("acme") == {"A": "one", "B": "two"}
        assert stack.up().steps == {"renamed": "same", "b": "update", "a": "delete"}
        assert emulator.secrets("acme") == {"A": "one", "B": "three"}

        refusing.set()
        failed = stack.program(program, A_IS="again", VALUE="three").up("--continue-on-error", fails=True)
        assert failed.operations == {"again": ["create"], "b": ["same"], "renamed": ["delete"]}
        assert emulator.secrets("acme") == {"A": "one", "B": "three"}
        refusing.clear()
        assert stack.up().steps == {"again": "create", "b": "same"}
        assert emulator.secrets("acme") == {"A": "one", "B": "three"}
