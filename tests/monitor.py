"""Stands in for the engine at the other end of a program's connection, and keeps what the program sends."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pulumi
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc
from pulumi.runtime.stack import run_in_stack


class _Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    def __init__(self) -> None:
        self.sent: dict[str, Struct] = {}

    def SupportsFeature(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (generated messages)
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterStackTransform(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (as above)
        return Empty()

    def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (as above)
        self.sent[request.name] = request.object
        urn = f"urn:pulumi:dev::acme::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id="id" if request.custom else "")

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (as above)
        return Empty()


def sent(program: Callable[[], None], *, preview: bool = False) -> dict[str, Struct]:
    """Run a program; return the inputs of its resources as they leave it, by their names."""
    monitor = _Monitor()
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", 400 << 20)])
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()

    async def host() -> None:
        settings = pulumi.runtime.Settings("acme", "dev", monitor=address, dry_run=preview)
        pulumi.runtime.configure(settings)
        await run_in_stack(program)

    # Not `asyncio.run`, which leaves the thread without a loop, so that the SDK fails in later tests.
    loop = asyncio.new_event_loop()
    try:
        # In a context of its own: the SDK keeps the connection, the stack and all that it waits for in the context.
        contextvars.Context().run(loop.run_until_complete, host())
    finally:
        loop.close()
        server.stop(None)
    return monitor.sent
