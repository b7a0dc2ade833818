"""Keys that already exist: adopted when the value is proved equal, refused otherwise, overwritten only on request."""

from __future__ import annotations

import pytest
from engine.stack import Stack, calls
from intercepting_proxy import InterceptingProxy
from servers import InfluxdServer

PROGRAM = """
influx.Secret("single", org=ORG, key="S", value="ours", overwrite=bool(OVERWRITE))
influx.OrgSecrets("shared", org=ORG, secrets={"X": "ours", "Y": "ours"}, overwrite=bool(OVERWRITE))
"""
EQUAL = 'influx.Secret("equal", org=ORG, key="E", value="ours")'


@pytest.mark.smoke
def test_foreign_value_is_refused_until_overwrite_is_set_and_an_equal_one_adopted(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """Preview and run name org, key and what to do, and write nothing; with `overwrite` the preview names the keys."""
    before = {"E": "ours", "S": "theirs", "X": "theirs"}
    for key, value in before.items():
        influxd.put_secret(acme, key, value)
    stack.program(PROGRAM, OVERWRITE="")
    for refused in (stack.preview(fails=True), stack.up("--continue-on-error", fails=True)):
        lines = [line for line in refused.errors if "has a problem" in line]
        assert lines
        for line in lines:
            key = "S" if "'single'" in line else "X"
            assert (
                f'"{key}" of the org "{acme}" ({influxd.org_id(acme)}): the key already exists with another value'
                in line
            )
            assert "set overwrite=True for one run" in line
    # Both are refused, so Y is not written either.
    assert influxd.values(acme) == before

    preview = stack.program(PROGRAM + EQUAL, OVERWRITE="yes").preview()
    notices = [line for line in preview.diagnostics if "overwrites" in line]
    assert sorted('"S"' in line for line in notices) == [False, True]
    assert 'adopts the key "E" of the org' in "".join(preview.diagnostics)
    stack.up()
    assert influxd.values(acme) == dict.fromkeys("ESXY", "ours")
    # Set once, then removed again: no diff that would write anything.
    calls(proxy)
    stack.program(PROGRAM + EQUAL, OVERWRITE="").up()
    assert calls(proxy) == []
    stack.destroy()
    assert influxd.keys(acme) == []
