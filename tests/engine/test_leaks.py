"""No value and no token is left behind: not in the state, not in any output, not in any file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from engine.leaks import leaks, places
from engine.stack import NewStack, Stack
from servers import InfluxdServer

from influx_secrets.emulator import Emulator
from toolchain._programs import parse_version

# With what each way of writing changes: quotes, a backslash, a space, letters beyond ASCII.
PLANTED = 'hunter2 "grüße" \\ 100%/ключ'
OPEN = 'in the open "grün" \\ 300%/луг'
ROTATED = 'correct horse "größe" \\ 200%/замок'


@pytest.mark.smoke
def test_value_from_secret_config_is_nowhere_but_in_the_config(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Neither value nor token is in any file or output after a whole life; what is planted in the open is found."""
    stack.set_secret("slack", PLANTED)
    stack.set_config("open", OPEN)
    stack.program("""
        config.require("open")
        hidden = {"org": pulumi.Output.secret(ORG), "key": pulumi.Output.secret("A")}
        rotation = pulumi.Output.secret("2026-11")
        secret = influx.Secret("a", **hidden, value=config.require_secret("slack"))
        influx.Secret("b", org=ORG, key="B", value=secret.key.apply(lambda key: config.require("slack")))
        influx.Secret("c", org=ORG, key="C", value=config.require_secret("slack"), rotate_on=rotation)
        influx.OrgSecrets("m", org=ORG, secrets={"D": config.require("slack"), "E": config.require_secret("slack")})
        pulumi.export("version", secret.version)
        pulumi.export("key", secret.key)
        pulumi.export("open", config.require("open"))
    """)
    preview = stack.preview("--debug", "--show-secrets", "--save-plan=plan.json", diff=True)
    assert preview.debug_messages("influxdb:Secret, name=a,")
    # What names a secret is not one: a reviewer can read it, whether the program marked it secret or not.
    shown = [re.sub(r"\s+:", ":", line.strip()) for line in preview.output.splitlines()]
    assert {f'org: "{acme}"', 'key: "A"', 'rotate_on: "2026-11"', "version: 1"} <= set(shown)
    stack.up("--debug", "--plan=plan.json")
    assert influxd.values(acme) == dict.fromkeys("ABCDE", PLANTED)
    assert stack.stack_outputs() == {"version": 1, "key": "A", "open": OPEN}
    stack.set_secret("slack", ROTATED)
    stack.preview("--json")
    stack.up()
    assert influxd.values(acme) == dict.fromkeys("ABDE", ROTATED) | {"C": PLANTED}
    stack.refresh()
    left = places(stack)
    assert {"export --show-secrets", "project/plan.json"} <= set(left)
    for planted in (PLANTED, ROTATED, influxd.token):
        assert leaks(planted, left) == []
    found = {leak.place for leak in leaks(OPEN, left)}
    assert {"project/Pulumi.dev.yaml", "state/.pulumi/stacks/e2e/dev.json", "export --show-secrets"} <= found
    assert any(place.startswith("output ") for place in found)
    stack.destroy()
    assert leaks(PLANTED, places(stack)) == []


def test_value_is_in_no_log_of_ours(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Not in any line with -v9, and up to CLI 3.259 only in the engine's own.

    Every Python process of the run, program and provider, logs all that any library of ours has to say.
    """
    site = stack.folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import logging\nlogging.basicConfig(level=logging.DEBUG)\n", "utf-8")
    path = [str(site), stack.environment.get("PYTHONPATH", "")]
    stack.environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    stack.program(
        """
        influx.Secret("a", org=ORG, key="A", value=VALUE)
        influx.OrgSecrets("m", org=ORG, secrets={"B": VALUE})
        """,
        VALUE=PLANTED,
    )
    output = stack.up("-v9", "--logtostderr").output
    assert influxd.values(acme) == {"A": PLANTED, "B": PLANTED}
    if writes_values(stack):
        output = re.sub(r'\{"time":.*', "", output)
    assert "DEBUG:urllib3.connectionpool:" in output
    for planted in (PLANTED, influxd.token):
        assert leaks(planted, {"output": output.encode()}) == []


def writes_values(stack: Stack) -> bool:
    """Whether the CLI writes values into its own logs, as 3.259.0 does and 3.274.1 does not."""
    done = subprocess.run(["pulumi", "version"], env=stack.environment, capture_output=True, text=True, check=True)
    version = parse_version(done.stdout)
    return version is not None and version < (3, 274, 0)


def test_automatic_log_of_the_cli_holds_no_value(new_stack: NewStack, emulator: Emulator) -> None:
    """Up to CLI 3.259 it holds it encrypted, as the config is; a file in its way prevents the log."""
    stack = new_stack(emulator.environment)
    logs = Path(stack.environment["PULUMI_HOME"], "logs")
    if logs.is_file():
        logs.unlink()
    stack.program('influx.Secret("a", org="acme", key="A", value=VALUE)', VALUE=PLANTED).up()
    if not logs.exists():
        pytest.skip("this version of the Pulumi CLI keeps no log of its own")
    (log,) = logs.glob("organization+e2e+dev-*.log")
    assert leaks(PLANTED, {"log": log.read_bytes()}) == []
    decrypted = stack.pulumi("logs", "decrypt", str(log)).output.encode()
    assert b"Update(preview=false) complete" in decrypted
    if not writes_values(stack):
        assert leaks(PLANTED, {"decrypted": decrypted}) == []
    shutil.rmtree(logs)
    logs.touch()
    stack.up()
    assert logs.read_bytes() == b""
