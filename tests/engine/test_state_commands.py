"""Commands that change the state by hand: no key is lost, no value is shown; `docs/howto/state.md` describes each."""

from __future__ import annotations

import json
import re
from pathlib import Path

from engine import policy_analyzer
from engine.leaks import leaks, places
from engine.stack import SECRET_TYPE, STACK, NewStack, Stack, urn
from servers import InfluxdServer

from influx_secrets.emulator import Emulator

PLANTED = 'hunter2 "grüße" \\ 100%/ключ'
MANY_TYPE = SECRET_TYPE.replace("Secret", "OrgSecrets")
ALL = {"A": PLANTED, "B": PLANTED, "M": PLANTED, "N": PLANTED}
PROGRAM = """
value = config.require_secret("value")
influx.Secret("a", org=ORG, key="A", value=value)
influx.Secret(B, org=ORG, key="B", value=value)
if MANY:
    influx.OrgSecrets("m", org=ORG, secrets={"M": value, "N": value})
"""


def stack_with_all(stack: Stack) -> Stack:
    stack.set_secret("value", PLANTED)
    stack.program(PROGRAM, B="b", MANY=True).up()
    return stack


def test_state_commands_lose_no_key(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Protect, rename, taint, delete; after each, one `pulumi up` leads back to what the program declares."""
    stack_with_all(stack)
    stack.pulumi("state", "protect", urn(SECRET_TYPE, "a"), "--yes")
    stack.destroy("--exclude-protected")
    assert influxd.values(acme) == {"A": PLANTED}
    stack.pulumi("state", "unprotect", urn(SECRET_TYPE, "a"), "--yes")
    assert stack.up().steps == {"a": "same", "b": "create", "m": "create"}

    stack.pulumi("state", "rename", urn(SECRET_TYPE, "b"), "renamed", "--yes")
    assert set(stack.program(PROGRAM, B="renamed", MANY=True).up().steps.values()) == {"same"}

    stack.pulumi("state", "taint", urn(SECRET_TYPE, "a"), "--yes")
    stack.pulumi("state", "taint", urn(MANY_TYPE, "m"), "--yes")
    stack.up()
    assert influxd.values(acme) == ALL

    stack.pulumi("state", "delete", urn(MANY_TYPE, "m"), "--yes")
    assert stack.program(PROGRAM, B="renamed", MANY=False).up().steps == {"a": "same", "renamed": "same"}
    assert influxd.values(acme) == ALL
    adopted = stack.program(PROGRAM, B="renamed", MANY=True).up()
    assert adopted.steps == {"a": "same", "renamed": "same", "m": "create"}
    assert 'adopts the keys "M", "N"' in " ".join(adopted.output.split())
    assert set(stack.refresh("--run-program").results.values()) <= {"same", "refresh"}
    assert influxd.values(acme) == ALL
    assert leaks(PLANTED, places(stack)) == []


def test_stack_commands_lose_no_key(new_stack: NewStack, emulator: Emulator) -> None:
    """Another name, another passphrase, resources that move to another stack, a file for an import."""
    stack = stack_with_all(new_stack(emulator.environment, ORG="acme"))
    imported = stack.project / "import.json"
    stack.program(PROGRAM + 'influx.Secret("new", org=ORG, key="NEW", value=value)', B="b", MANY=True)
    stack.preview("--import-file", str(imported))
    assert [one["name"] for one in json.loads(imported.read_text("utf-8"))["resources"]] == ["new"]
    stack.program(PROGRAM, B="b", MANY=True)

    stack.pulumi("stack", "change-secrets-provider", "passphrase", text="another\nanother\n")
    stack.environment["PULUMI_CONFIG_PASSPHRASE"] = "another"
    assert set(stack.up().steps.values()) == {"same"}

    stack.pulumi("stack", "rename", "other")
    assert "5 unchanged" in stack.pulumi("preview", "--stack", "other").output
    stack.pulumi("stack", "init", STACK)
    moved = urn(SECRET_TYPE, "b").replace(STACK, "other", 1)
    stack.pulumi("state", "move", "--yes", "--source", "other", "--dest", STACK, moved)
    stack.set_secret("value", PLANTED)
    body = 'influx.Secret("b", org=ORG, key="B", value=config.require_secret("value"))'
    assert stack.program(body).up().steps == {"b": "same"}
    assert emulator.secrets("acme") == ALL
    assert leaks(PLANTED, places(stack)) == []


def test_policy_pack_sees_no_value(stack: Stack, influxd: InfluxdServer, acme: str, tmp_path: Path) -> None:
    """It gets what is stored, in clear text: names, digests, counters."""
    pack = policy_analyzer.write_pack(tmp_path / "pack")
    record = tmp_path / "record.txt"
    stack.environment[policy_analyzer.RECORD] = str(record)
    stack.set_secret("value", PLANTED)
    stack.program(PROGRAM, B="b", MANY=True)
    stack.preview("--policy-pack", str(pack))
    assert stack.up("--policy-pack", str(pack)).steps == {"a": "create", "b": "create", "m": "create"}
    assert influxd.values(acme) == ALL
    seen = record.read_text("utf-8")
    assert {name for name in ("digest", "versions", "overwrite") if name in seen} == {"digest", "versions", "overwrite"}
    assert re.search(r"[0-9a-f]{64}", seen)  # a digest, decrypted
    assert leaks(PLANTED, {**places(stack), "policy pack": record.read_bytes()}) == []
