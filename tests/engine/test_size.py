"""A program with very many secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from engine.stack import NewStack

    from influx_secrets.emulator import Emulator

COUNT = 3_000
THREADS = 4


@pytest.mark.timeout(600)
def test_three_thousand_secrets_in_one_program(new_stack: NewStack, emulator: Emulator) -> None:
    """No recursion error, each secret written once, and no more connections than the provider has threads."""
    # Without them the engine writes the whole state after every step, which takes minutes and is not ours.
    fast = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    stack = new_stack(emulator.environment | fast)
    stack.program(f"""
        for n in range({COUNT}):
            influx.Secret(f"s{{n}}", org="acme", key=f"K{{n}}", value=f"value {{n}}")
    """)
    done = stack.up()
    assert emulator.secrets("acme") == {f"K{n}": f"value {n}" for n in range(COUNT)}
    written = [key for request in emulator.requests if request.method == "PATCH" for key in request.keys]
    assert len(written) == len(set(written)) == COUNT
    assert sum(request.method == "GET" for request in emulator.requests) == 2
    assert emulator.connections <= THREADS
    assert "RecursionError" not in done.output
