"""influxd dies in the middle of a run: one line says so, and the next `pulumi up` finishes what was begun."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from engine.intercepting_proxy import InterceptingProxy
from engine.leaks import leaks, places
from engine.stack import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.intercepting_proxy import Passed
    from engine.stack import Stack
    from servers import InfluxdServer

PLANTED = "planted-3e9f60b1"
MAP = 'influx.OrgSecrets("shared", org=ORG, secrets={})'


@pytest.fixture
def proxy(influxd: InfluxdServer, stack: Stack) -> Iterator[InterceptingProxy]:
    """A proxy that `stack` takes for influxd, which runs again when the test ends; a request is tried twice."""
    stack.set_config("influx-secrets:maxAttempts", "2")
    with InterceptingProxy(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        try:
            yield proxy
        finally:
            influxd.start()


def killer(influxd: InfluxdServer, *, answer: bool) -> Callable[[Passed], bool]:
    """Kill influxd once it has done a PATCH, and give the client the answer or none."""

    def after(passed: Passed) -> bool:
        if passed.method != "PATCH":
            return False
        influxd.kill()
        return not answer

    return after


def test_influxd_killed_between_patch_and_delete_loses_nothing(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The run fails in one line; the next one removes what the first could not, and writes what it has to."""
    stack.program(MAP.format({"A": "1", "B": "2", "C": "3"})).up()
    proxy.after = killer(influxd, answer=True)
    org_id = influxd.org_id(acme)
    changed = {"A": PLANTED, "B": "2", "NEW": PLANTED}
    failed = stack.program(MAP.format(changed)).up(fails=True)
    (line,) = [line for line in failed.errors if " yet: " not in line]
    assert f'cannot remove secret "C" of org {org_id}: ' in line

    proxy.after = lambda _: False
    influxd.start()
    assert influxd.values(acme) == {**changed, "C": "3"}
    preview = stack.preview(diff=True)
    assert [line for line in preview.changes if line[2:].startswith(("A:", "B:", "C:", "NEW:"))] == [
        "~ A: 1 => 2",
        "- C: 1",
        "+ NEW: 1",
    ]
    calls(proxy)
    stack.up()
    assert calls(proxy)[-2:] == ["PATCH secrets 204", "POST delete 204"]
    assert influxd.values(acme) == changed
    assert set(stack.preview().steps.values()) == {"same"}
    assert leaks(PLANTED, places(stack)) == []


def test_influxd_killed_right_after_patch_is_adopted_by_the_next_up(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """The value is on the server and the state does not know: no conflict, no step by hand, for create and update."""
    for value in ("created", "updated"):
        shared = {"A": value, "B": f"{value} too"}
        single = f'influx.Secret("single", org=ORG, key="S", value="{value}")'
        proxy.after = killer(influxd, answer=False)
        failed = stack.program(f"{MAP.format(shared)}\n{single}").up(fails=True)
        assert 1 <= len([line for line in failed.errors if "cannot " in line and " yet: " not in line]) <= 2
        proxy.after = lambda _: False
        influxd.start()
        # The two are written at the same time: at least one of them was, and no key by halves.
        written = {key: found for key, found in influxd.values(acme).items() if found.startswith(value)}
        assert written in (shared, {"S": value}, {**shared, "S": value})
        calls(proxy)
        healed = stack.up()
        again = [key for one in proxy.passed if one.method == "PATCH" for key in json.loads(one.body)]
        assert sorted(again) == ["A", "B", "S"]  # once each, in one request or in two
        assert {call for call in calls(proxy) if "PATCH" in call} == {"PATCH secrets 204"}
        assert ("adopts the key" in healed.output) is (value == "created")
        assert influxd.values(acme) == {**shared, "S": value}
    assert set(stack.preview().steps.values()) == {"same"}
