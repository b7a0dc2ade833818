"""Keys that are already there: adopted when the value is proved equal, else refused, and never overwritten unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from engine.intercepting_proxy import InterceptingProxy
from engine.stack import calls

if TYPE_CHECKING:
    from engine.stack import Stack
    from servers import InfluxdServer

BOTH = """
    influx.Secret("single", org=ORG, key="S", value="ours", overwrite=OVERWRITE)
    influx.OrgSecrets("shared", org=ORG, secrets={"X": "ours", "Y": "ours"}, overwrite=OVERWRITE)
"""


def both(stack: Stack, *, overwrite: bool) -> Stack:
    """Write the program."""
    return stack.program(BOTH.replace("OVERWRITE", str(overwrite)))


def test_foreign_value_is_refused_until_overwrite_is_set(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """The preview names org and key and the way out; nothing is written; with `overwrite` it is said and done."""
    theirs = {"S": "theirs", "X": "theirs"}
    for key, value in theirs.items():
        influxd.put_secret(acme, key, value)
    org_id = influxd.org_id(acme)
    both(stack, overwrite=False)
    for refused in (stack.preview(fails=True), stack.up("--continue-on-error", fails=True)):
        lines = [line for line in refused.errors if "has a problem" in line]
        assert lines
        for line in lines:
            key = "S" if "'single'" in line else "X"
            assert f'the key "{key}" of the org {org_id} is already there, with another value' in line
            assert "use an alias, do it in two runs, or set overwrite=True once; else remove it" in line
    # Both are refused in the up, so Y is not written either.
    assert influxd.values(acme) == theirs

    preview = both(stack, overwrite=True).preview()
    assert preview.steps == {"single": "create", "shared": "create"}
    said = [line for line in preview.diagnostics if "takes over" in line]
    assert len(said) == 2
    assert {'"S"' in line for line in said} == {True, False}
    stack.up()
    assert influxd.values(acme) == {"S": "ours", "X": "ours", "Y": "ours"}
    # Set once, then taken away again: no diff that would write anything.
    with InterceptingProxy(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        both(stack, overwrite=False).up()
        assert calls(proxy) == []


def test_equal_value_is_adopted_and_named(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A key with the declared value is taken over whatever `overwrite` says, and the preview names it."""
    for key in ("S", "Y"):
        influxd.put_secret(acme, key, "ours")
    preview = both(stack, overwrite=False).preview()
    said = sorted(line for line in preview.diagnostics if "adopts" in line)
    org_id = influxd.org_id(acme)
    assert [line.strip() for line in said] == [
        f'influx-secrets: adopts the key "{key}" of the org {org_id}: already there with the declared value'
        for key in ("S", "Y")
    ]
    stack.up()
    assert influxd.values(acme) == {"S": "ours", "X": "ours", "Y": "ours"}
    assert stack.stored("shared")["outputs"]["versions"] == {"X": 1, "Y": 1}
    stack.destroy()
    assert influxd.keys(acme) == []


@pytest.mark.parametrize("cause", ["switched-off", "no-permission"])
def test_value_that_cannot_be_compared_is_refused(stack: Stack, influxd: InfluxdServer, acme: str, cause: str) -> None:
    """Where nothing can be proved, an existing key takes `overwrite`, be its value equal or not."""
    influxd.put_secret(acme, "S", "ours")
    if cause == "switched-off":
        stack.set_config("influx-secrets:verifyValues", "never")
        reason = "its value cannot be compared on this server"
    else:
        stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme, read_secrets=False)
        reason = "lacks the permission to read the secrets"
    refused = both(stack, overwrite=False).preview(fails=True)
    assert reason in " ".join(refused.errors)
    both(stack, overwrite=True).up()
    assert influxd.values(acme) == {"S": "ours", "X": "ours", "Y": "ours"}
