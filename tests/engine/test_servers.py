"""A server that cannot be reached or refuses: one line says what to do, and the next `up` finishes."""

from __future__ import annotations

import pytest
from engine.stack import NewStack, Stack
from servers import closed_port

from influx_secrets.emulator import Emulator

ID = "0123456789abcdef"
TOKEN = "token-never-shown"
ONE = 'influx.Secret("a", org_id=ID, key="A", value="hunter2-never-shown")'


def failed(stack: Stack) -> str:
    """Run an up that fails; return our one line, after a check that nothing else of ours was shown."""
    run = stack.up(fails=True)
    (error,) = {line for line in run.errors if " yet: " not in line}
    assert "influx_secrets/_" not in run.output
    assert "hunter2" not in run.output
    assert TOKEN not in run.output
    return error


@pytest.mark.smoke
def test_server_down_is_one_line_and_the_next_up_finishes(new_stack: NewStack) -> None:
    """Nothing was stored, so the run after the server's return does the work; without a token likewise."""
    stack = new_stack({"INFLUX_TOKEN": TOKEN}, ID=ID)
    stack.set_config("influx-secrets:maxAttempts", "2")
    stack.program(ONE)
    with closed_port() as port:
        stack.environment["INFLUX_HOST"] = f"http://127.0.0.1:{port}"
        preview = stack.preview()
        assert preview.steps == {"a": "create"}
        assert [line.split(":")[1] for line in preview.errors] == [
            " this preview cannot compare all keys with the server"
        ]
        assert "the connection was refused. Start InfluxDB, or correct the url" in failed(stack)
    with Emulator({"acme": ID}, token=TOKEN, port=port) as emulator:
        del stack.environment["INFLUX_TOKEN"]
        assert "INFLUX_TOKEN" in failed(stack)
        stack.environment["INFLUX_TOKEN"] = emulator.create_token("acme", write_secrets=False)
        assert "lacks the permission to write the secrets of this org" in failed(stack)
        stack.environment["INFLUX_TOKEN"] = TOKEN
        assert stack.up().steps == {"a": "create"}
        assert emulator.secrets("acme") == {"A": "hunter2-never-shown"}
    stack.program(ONE.replace("hunter2", "rotated"))
    with closed_port(port):
        assert "the connection was refused" in failed(stack)
    assert stack.stored("a")["outputs"]["version"] == 1
    with Emulator({"acme": ID}, token=TOKEN, port=port) as emulator:
        assert stack.up().steps == {"a": "update"}
        assert emulator.secrets("acme") == {"A": "rotated-never-shown"}
