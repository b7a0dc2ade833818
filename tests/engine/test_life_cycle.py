"""One secret from its first `pulumi up` to `pulumi destroy`; influxd is asked what it holds, not the state."""

from __future__ import annotations

import pytest
from engine.stack import Stack, calls
from intercepting_proxy import InterceptingProxy
from servers import InfluxdServer

TWO = """
    influx.Secret("a", org=ORG, key="A", value=VALUE)
    influx.Secret("b", org=ORG, key="B", value="always the same")
"""


@pytest.mark.smoke
def test_secret_lives_through_create_no_change_rotate_and_destroy(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """Each step does what its preview says, with no request too many, and nothing is left at the end."""
    created = stack.program(TWO, VALUE="one").up()
    assert created.steps == {"a": "create", "b": "create"}
    assert influxd.values(acme) == {"A": "one", "B": "always the same"}

    calls(proxy)
    again = stack.up(preview=True)
    assert again.steps == {"a": "same", "b": "same"}
    assert calls(proxy) == []

    preview = stack.program(TWO, VALUE="two").preview(diff=True)
    assert preview.changes == ["~ version: 1 => 2"]
    assert preview.steps == {"a": "update", "b": "same"}
    rotated = stack.up()
    assert rotated.steps == {"a": "update", "b": "same"}
    assert calls(proxy) == ["PATCH secrets 204"]
    assert influxd.values(acme) == {"A": "two", "B": "always the same"}

    destroyed = stack.destroy()
    assert destroyed.steps == {"a": "delete", "b": "delete"}
    assert influxd.keys(acme) == []
    assert stack.exported() == []
