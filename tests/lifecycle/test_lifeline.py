"""A provider process does not outlive its engine, which can be killed while a call is under way."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from lifecycle.provider_process import CallError, ProviderProcess, secret
from scripted_server import ScriptedServer, answer, json_answer

ORG_ID = "0123456789abcdef"
DECLARED = secret("a", org_id=ORG_ID, key="A", value="1", declaration={"resource": 'Secret "a"', "preview": False})


def test_provider_that_lost_its_engine_ends_and_does_not_try_a_write_again() -> None:
    """The write that the server put off would come after those of the next run."""
    asked_to_write = threading.Event()

    def later(connection: socket.socket) -> bool:
        asked_to_write.set()
        return answer(503, retry_after="20")(connection)

    with (
        ScriptedServer(json_answer(200, {"secrets": []}), later) as server,
        ThreadPoolExecutor(1) as caller,
    ):
        process = ProviderProcess({"INFLUX_HOST": server.url, "INFLUX_TOKEN": "t"})
        try:
            call = caller.submit(process.create, "Secret", process.check("Secret", {}, DECLARED.props))
            assert asked_to_write.wait(30)
            assert process.lose_the_engine() == 1
            with pytest.raises(CallError):
                call.result(30)
        finally:
            process.stop()
        assert [request.method for request in server.requests] == ["GET", "PATCH"]
