"""A policy pack for tests: allows all, and writes down each message that the engine sends.

A pack may be an executable (Pulumi 3.274.1). So it needs no language host; the one that can be built starts none.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

RECORD = "POLICY_RECORD"
"""The variable that names the file of the messages."""

_NAME = "recorder"


class Recorder(analyzer_pb2_grpc.AnalyzerServicer):
    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (generated messages)
        return analyzer_pb2.AnalyzerInfo(name=_NAME, displayName=_NAME, version="0.0.1")

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (as above)
        return plugin_pb2.PluginInfo(version="0.0.1")

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (as above)
        return Empty()

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (as above)
        return _noted(request, analyzer_pb2.AnalyzeResponse())

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (as above)
        return _noted(request, analyzer_pb2.AnalyzeResponse())

    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: ANN401, ARG002, N802 (as above)
        return _noted(request, analyzer_pb2.RemediateResponse())


def _noted(request: Any, answer: Any) -> Any:  # noqa: ANN401 (generated messages)
    with Path(os.environ[RECORD]).open("a", encoding="utf-8") as record:
        record.write(f"{request}\n")
    return answer


def write_pack(file: Path) -> Path:
    """Write the executable, and return it."""
    file.write_text(f"#!/bin/sh\nexec '{sys.executable}' -u '{__file__}'\n", "utf-8")
    file.chmod(0o755)
    return file


if __name__ == "__main__":
    server = grpc.server(ThreadPoolExecutor(4))
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Recorder(), server)
    sys.stdout.write(f"{server.add_insecure_port('127.0.0.1:0')}\n")
    server.start()
    threading.Event().wait()
