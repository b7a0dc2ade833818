"""What others change on influxd behind Pulumi's back: seen, named, repaired; and what cannot be seen is said."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import pytest
from engine.intercepting_proxy import InterceptingProxy
from engine.leaks import leaks
from engine.stack import calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.stack import NewStack, Stack
    from servers import InfluxdServer

BOTH = """
    influx.Secret("single", org=ORG, key="S", value="declared")
    influx.OrgSecrets("shared", org=ORG, secrets={"X": "1", "Y": "2", "__Z": "3"})
"""
ODD = ["", "a\0b", "${x}", "$\\", '"', "\n", "\u2028", "\ufffd", "😀", "x" * 32752]
"""Keys of others that a query must not trip over, beside one without a value."""

DECLARED = {"S": "declared", "X": "1", "Y": "2", "__Z": "3"}


@pytest.fixture
def proxy(influxd: InfluxdServer, stack: Stack) -> Iterator[InterceptingProxy]:
    """A proxy that `stack` takes for influxd."""
    with InterceptingProxy(influxd.url) as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        yield proxy


def digest(org_id: str, key: str, value: str) -> str:
    """Return the digest that the state holds, by a formula of the test's own."""
    return hashlib.sha256(f"{org_id}/{key}:{value}".encode()).hexdigest()


def properties(stack: Stack) -> dict[str, Any]:
    """Return what the state holds of each resource; the engine keeps book of dependencies besides."""
    return {one["urn"]: [one.get(name) for name in ("id", "inputs", "outputs")] for one in stack.exported()}


def test_value_changed_outside_is_shown_and_repaired(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A nightly alarm rings; its preview names the keys and their repair; after the up it is silent."""
    alarm = ("--refresh", "--expect-no-changes")
    stack.program(BOTH).up()
    foreign = dict.fromkeys(ODD, "theirs") | {"EMPTY": ""}
    for key, value in foreign.items():
        influxd.put_secret(acme, key, value)
    influxd.put_secret(acme, "S", "theirs")
    influxd.put_secret(acme, "X", "theirs")
    influxd.put_secret(acme, "__Z", "theirs")
    preview = stack.preview(*alarm, diff=True, fails=True)
    # Seen by the refresh, taken back by the update that repairs it.
    changed = {'drift: "changed"', 'X: "changed"', '\\__Z: "changed"'}
    repaired = {"~ version: 1 => 2", "~ X: 1 => 2", "~ \\__Z: 1 => 2"}
    named = {line for line in preview.changes if not line.endswith("{")}
    assert named == {f"{sign} {line}" for line in changed for sign in "+-"} | repaired
    assert influxd.values(acme)["X"] == "theirs"
    stack.up("--refresh")
    assert influxd.values(acme) == {**DECLARED, **foreign}
    stack.preview(*alarm)


def test_one_of_ten_thousand_keys_changed_costs_eleven_requests_and_shows_no_value(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """One list and ten queries; no value and no bare digest travels in them, weak values least of all."""
    many = 'influx.OrgSecrets("shared", org=ORG, secrets={f"KEY_{n}": f"weak-{n}-value" for n in range(10_000)})'
    stack.program(many).up()
    influxd.put_secret(acme, "KEY_777", "theirs-planted")
    proxy.clear()
    repaired = stack.up("--refresh", "--diff")
    shown = {line for line in repaired.changes if "KEY_" in line}
    assert shown == {'+ KEY_777: "changed"', '- KEY_777: "changed"', "~ KEY_777: 1 => 2"}
    org_id = influxd.org_id(acme)
    digests = {digest(org_id, f"KEY_{n}", f"weak-{n}-value") for n in range(10_000)}
    assert [one.method for one in proxy.passed].index("PATCH") == 11
    for place, content in proxy.traffic.items():
        if "PATCH" in place:
            continue
        assert re.search(rb"weak-\d+-value|theirs-planted", content) is None
        assert digests.isdisjoint(re.findall(r"[0-9a-f]{64}", content.decode("utf-8").lower()))
    assert sorted(calls(proxy)) == ["GET secrets 200", "PATCH secrets 204", *["POST query 200"] * 10]
    assert influxd._values(org_id, ["KEY_777", "KEY_778"]) == ["weak-777-value", "weak-778-value"]


def test_traffic_of_a_refresh_holds_nothing_that_helps_to_guess(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """No value, no digest in any form; and the same key is signed with another nonce each time."""
    stack.program(BOTH).up()
    influxd.put_secret(acme, "X", "theirs-planted")
    proxy.clear()
    stack.refresh()
    first = proxy.traffic
    proxy.clear()
    stack.refresh()
    org_id, traffic = influxd.org_id(acme), first | {f"again {place}": text for place, text in proxy.traffic.items()}
    assert any("query" in place for place in traffic)
    for key, value in {**DECLARED, "X": "theirs-planted"}.items():
        found = leaks(digest(org_id, key, value), traffic)
        assert found == []
        raw = bytes.fromhex(digest(org_id, key, value))
        assert [place for place, content in traffic.items() if raw in content] == []
    for value in ("declared", "theirs-planted"):
        assert leaks(value, traffic) == []
    signed = [re.findall(rb"[A-Za-z0-9+/]{27}=", text) for place, text in traffic.items() if "answer" in place]
    signatures = [signature for found in signed for signature in found]
    assert len(signatures) >= 2 * len(DECLARED)
    assert len(set(signatures)) == len(signatures)


def test_keys_removed_outside_are_written_again(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """One key: created again. The whole org: said once why that happens, and one PATCH for all keys of a map."""
    stack.program(BOTH).up()
    influxd.remove_secret(acme, "S")
    influxd.remove_secret(acme, "Y")
    preview = stack.preview("--refresh", diff=True)
    assert preview.operations == {"single": ["refresh", "create"], "shared": ["refresh", "update"]}
    assert {'+ Y: "deleted"', "~ Y: 1 => 2"} <= set(preview.changes)
    stack.up("--refresh")
    assert influxd.values(acme) == DECLARED

    for key in DECLARED:
        influxd.remove_secret(acme, key)
    wiped = stack.refresh()
    assert len([said for said in wiped.diagnostics if "influx apply --secret" in said]) == 1
    calls(proxy)
    stack.up()
    assert sorted(call for call in calls(proxy) if "PATCH" in call) == ["PATCH secrets 204"] * 2
    assert influxd.values(acme) == DECLARED


def test_token_that_may_not_read_changes_no_state(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Without "read secrets" a refresh says so once and goes on; without "read org", or with a wrong one, it fails."""
    stack.program(BOTH).up()
    before = properties(stack)
    influxd.put_secret(acme, "S", "theirs")
    influxd.remove_secret(acme, "X")

    stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme, read_secrets=False)
    blind = stack.refresh()
    assert len([said for said in blind.diagnostics if 'lacks the permission "read secrets"' in said]) == 1

    stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme, read_org=False)
    ambiguous = stack.refresh(fails=True)
    told = " ".join(ambiguous.errors)
    assert influxd.org_id(acme) in told
    for cause in ("no such org", "may not read it", "read on its secrets and write on its secrets"):
        assert cause in told

    stack.environment["INFLUX_TOKEN"] = "no-token-of-this-server"
    wrong = stack.refresh(fails=True)
    assert "unauthorized" in " ".join(wrong.errors)
    assert "no-token-of-this-server" not in wrong.output
    assert properties(stack) == before

    stack.environment["INFLUX_TOKEN"] = influxd.token
    stack.up("--refresh")
    assert influxd.values(acme) == DECLARED


def test_org_that_is_gone_is_an_error_unless_told_otherwise(
    new_stack: NewStack, influxd: InfluxdServer, acme: str
) -> None:
    """A refresh never empties the state for it; a destroy stops, or goes on with `missingOrg` set to `gone`."""
    stack = new_stack(influxd.environment, ORG=acme)
    stack.program(BOTH).up()
    org_id = influxd.org_id(acme)
    influxd.delete_org(acme)
    before = properties(stack)
    for failed in (stack.refresh(fails=True), stack.destroy(fails=True)):
        assert org_id in " ".join(failed.errors)
    assert "missingOrg gone" in failed.output
    assert properties(stack) == before

    stack.set_config("influx-secrets:missingOrg", "gone")
    stack.up()
    gone = stack.destroy()
    assert gone.steps == {"single": "delete", "shared": "delete"}
    assert f"the org {org_id} is not there or not readable" in gone.output
    assert stack.exported() == []
