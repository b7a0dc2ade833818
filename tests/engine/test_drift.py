"""Changes made on influxd outside Pulumi: a refresh names them, the next update repairs them, nothing leaks."""

from __future__ import annotations

import hashlib
import re

import pytest
from engine.leaks import leaks
from engine.stack import Stack, calls
from intercepting_proxy import InterceptingProxy
from servers import InfluxdServer

PROGRAM = """
influx.Secret("single", org=ORG, key="S", value="declared")
influx.Secret("removed", org=ORG, key="R", value="declared")
influx.OrgSecrets("shared", org=ORG, secrets={"X": "1", "Y": "2", "__Z": "3"})
"""
DECLARED = {"S": "declared", "R": "declared", "X": "1", "Y": "2", "__Z": "3"}
ODD = ["", "a\0b", "${x}", "$\\", '"', "\n", "\u2028", "\ufffd", "😀", "x" * 32752]
"""Foreign keys that a query must survive; another one has no value."""

MANY = 10_000
VALUES = {f"KEY_{n}": f"weak-{n}-value" for n in range(MANY)}


@pytest.mark.smoke
def test_change_made_outside_is_shown_and_repaired(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """A nightly alarm fails and names the keys and their repair; after the `up` it passes."""
    alarm = ("--refresh", "--expect-no-changes")
    stack.program(PROGRAM).up()
    foreign = dict.fromkeys(ODD, "theirs") | {"EMPTY": ""}
    for key, value in {**foreign, "S": "theirs", "X": "theirs", "__Z": "theirs"}.items():
        influxd.put_secret(acme, key, value)
    for key in ("R", "Y"):
        influxd.remove_secret(acme, key)
    preview = stack.preview(*alarm, diff=True, fails=True)
    assert preview.operations == {
        "single": ["refresh", "update"],
        "removed": ["refresh", "create"],
        "shared": ["refresh", "update"],
    }
    # Found by the refresh, cleared by the update that repairs it.
    changed = {'drift: "changed"', 'X: "changed"', 'Y: "deleted"', '\\__Z: "changed"'}
    repaired = {"~ version: 1 => 2", "~ X: 1 => 2", "~ Y: 1 => 2", "~ \\__Z: 1 => 2"}
    named = {line for line in preview.changes if not line.endswith("{")}
    assert named >= {f"{sign} {line}" for line in changed for sign in "+-"} | repaired
    # Also without `--diff`: a line for each resource.
    for found in ('for the keys "X", "__Z" of', 'lacks the key "Y" of', 'lacks the key "R" of'):
        assert found in preview.output
    assert influxd.values(acme)["X"] == "theirs"
    stack.up("--refresh")
    assert influxd.values(acme) == {**DECLARED, **foreign}
    stack.preview(*alarm)


def test_one_change_among_ten_thousand_keys_costs_eleven_requests_and_no_value_or_digest_travels(
    stack: Stack, influxd: InfluxdServer, acme: str, proxy: InterceptingProxy
) -> None:
    """One list and ten queries; each key is signed with a new nonce every time, so nothing helps to guess a value."""
    org_id = influxd.org_id(acme)
    many = f'influx.OrgSecrets("shared", org=ORG, secrets={{f"KEY_{{n}}": f"weak-{{n}}-value" for n in range({MANY})}})'
    stack.program(many).up()
    influxd.put_secret(acme, "KEY_777", "theirs-planted")
    proxy.exchanges.clear()
    repaired = stack.up("--refresh", "--diff")
    shown = {line for line in repaired.changes if "KEY_" in line}
    assert shown == {'+ KEY_777: "changed"', '- KEY_777: "changed"', "~ KEY_777: 1 => 2"}
    traffic = proxy.traffic
    assert [one.method for one in proxy.exchanges].index("PATCH") == 11
    assert sorted(calls(proxy)) == ["GET secrets 200", "PATCH secrets 204", *["POST query 200"] * 10]
    assert influxd._values(org_id, ["KEY_777", "KEY_778"]) == [VALUES["KEY_777"], VALUES["KEY_778"]]

    stack.refresh()
    traffic = {place: content for place, content in traffic.items() if "PATCH" not in place}
    traffic |= {f"again {place}": content for place, content in proxy.traffic.items()}
    # The digest that the state holds, by a formula of the test's own.
    digests = {hashlib.sha256(f"{org_id}/{key}:{value}".encode()).hexdigest() for key, value in VALUES.items()}
    signatures: list[bytes] = []
    for place, content in traffic.items():
        assert re.search(rb"weak-\d+-value|theirs-planted", content) is None
        assert digests.isdisjoint(re.findall(r"[0-9a-f]{64}", content.decode("utf-8").lower()))
        signatures += re.findall(rb"[A-Za-z0-9+/]{27}=", content) if "answer" in place else []
    for value in ("theirs-planted", VALUES["KEY_777"]):
        assert leaks(value, traffic) == []
        digest = hashlib.sha256(f"{org_id}/KEY_777:{value}".encode()).digest()
        assert leaks(digest.hex(), traffic) == []
        assert [place for place, content in traffic.items() if digest in content] == []
    assert len(signatures) >= 2 * MANY
    assert len(set(signatures)) == len(signatures)
