#!/usr/bin/env bash
# pulumi (Python SDK) 3.272.0
#
# A Python program sends four debug messages to the engine for each resource: registering it, beginning the RPC, prepared, and
# successful. It sends them whether or not somebody asked for debug messages (the SDK does not know), one after the other, and in the
# thread of the event loop, which waits for each answer. So an engine that takes 5 ms to answer `Log` costs a program of 100 resources
# two seconds.
#
# Guessed: without `--debug`, no debug message leaves the program; or a message does not hold up the program.
# Seen: `debug messages that name the type, for each resource: 3.0` (the fourth, about the RPC, does not name it), `at a time: 1`, and
# with a `Log` of 5 ms `held up by all of them: True`.
# Needs Python 3.11. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip --quiet --disable-pip-version-check install pulumi==3.272.0

cat >probe.py <<'END'
import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

COUNT = 100
SECONDS = 0.005


class Engine(engine_pb2_grpc.EngineServicer):
    messages = 0
    at_once = 0
    most_at_once = 0
    lock = threading.Lock()

    def Log(self, request, context):
        if request.severity == engine_pb2.DEBUG and "probe:index:Thing" in request.message:
            self.messages += 1
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(SECONDS)
        with self.lock:
            self.at_once -= 1
        return empty_pb2.Empty()


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    def SupportsFeature(self, request, context):
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(self, request, context):
        urn = f"urn:pulumi:dev::probe::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id="id", object=request.object)

    def RegisterResourceOutputs(self, request, context):
        return empty_pb2.Empty()


def program():
    for number in range(COUNT):
        pulumi.CustomResource("probe:index:Thing", f"thing-{number}", {})


server = grpc.server(ThreadPoolExecutor(32))
engine = Engine()
engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(), server)
address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
server.start()
pulumi.runtime.configure(pulumi.runtime.Settings("probe", "dev", monitor=address, engine=address))
loop = asyncio.new_event_loop()
loop.set_default_executor(ThreadPoolExecutor(8))
start = time.perf_counter()
loop.run_until_complete(pulumi.runtime.run_in_stack(program))
seconds = time.perf_counter() - start
print("debug messages that name the type, for each resource:", engine.messages / COUNT)
print("at a time:", engine.most_at_once)
print("held up by all of them:", seconds > 4 * COUNT * SECONDS)
server.stop(None)
END
environment/bin/python probe.py 2>errors | tee seen
diff seen - <<'END' || { cat errors; echo "changed: see the lines above"; exit 1; }
debug messages that name the type, for each resource: 3.0
at a time: 1
held up by all of them: True
END
echo "as known: a program waits for four debug messages of each resource, which nobody asked for"
