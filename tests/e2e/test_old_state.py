"""A state of the first release: what it stores is understood for ever, by every later version of the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from influx_secrets.emulator import Emulator

if TYPE_CHECKING:
    from e2e.stack import NewStack

# Written by the program below, values "one" to "six"; then A was changed outside, and a refresh found it.
STATE = Path(__file__).parent / "states" / "first-release.json"
ID = "0123456789abcdef"
PROGRAM = """
influx.Secret("by-name", org="acme", key="A", value="one")
influx.Secret("by-id", org_id=ID, key="a/b", value="two", overwrite=True)
influx.Secret("rotated", org="acme", key="R", value="made anew", rotate_on="2026-10")
influx.Secret("ignored", org="acme", key="I", value="not written", opts=ResourceOptions(ignore_changes=["value"]))
influx.OrgSecrets(
    "many", org="acme", secrets={"M": "made anew", "__N": NEW}, rotate_on={"M": "x"}, keep=["TEAM_*"]
)
"""
HELD = {"A": "theirs", "a/b": "two", "R": "three", "I": "four", "M": "five", "__N": "six"}


def test_state_of_the_first_release_is_understood(new_stack: NewStack) -> None:
    """Nothing changes but the drift it tells of; then a value changes; then everything is removed."""
    with Emulator({"acme": ID}) as emulator:
        for key, value in HELD.items():
            emulator.put_secret("acme", key, value)
        stack = new_stack(emulator.environment, ID=ID)
        stack.import_state(json.loads(STATE.read_text("utf-8")))
        preview = stack.program(PROGRAM, NEW="six").preview(diff=True)
        unchanged = {"by-id", "rotated", "ignored", "many"}
        assert preview.steps == {"by-name": "update", **dict.fromkeys(unchanged, "same")}
        assert sorted(preview.changes) == ['- drift: "changed"', "~ version: 1 => 2"]
        stack.up()
        assert emulator.secrets("acme") == {**HELD, "A": "one"}

        assert set(stack.refresh().results.values()) == {"same"}
        emulator.clear_requests()
        changed = stack.program(PROGRAM, NEW="seven").up()
        assert changed.steps == {"many": "update", "by-name": "same", **dict.fromkeys(unchanged - {"many"}, "same")}
        assert [(request.method, request.keys) for request in emulator.requests] == [("PATCH", ("__N",))]
        stack.destroy()
        assert emulator.secrets("acme") == {}
