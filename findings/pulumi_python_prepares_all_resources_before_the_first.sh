#!/usr/bin/env bash
# pulumi (Python SDK) 3.272.0
#
# A Python program prepares all its resources before it registers the first one, even if none depends on another. When the engine
# receives the first of 500 independent resources, the program has announced all 500 as prepared. The event loop does one step of each
# resource in turn, so they reach the call at the same time. Until then, `--parallel` operations have nothing to do.
#
# Guessed: the first resource is registered as soon as it is prepared, while the program prepares the others.
# Seen: `prepared when the first arrived: 500 of 500`.
# Needs Python 3.11. Ends with 0 as long as this holds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip --quiet --disable-pip-version-check install pulumi==3.272.0

cat >probe.py <<'END'
import asyncio
from concurrent.futures import ThreadPoolExecutor

import grpc
import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2, resource_pb2_grpc

COUNT = 500


class Engine(engine_pb2_grpc.EngineServicer):
    prepared = 0

    def Log(self, request, context):
        self.prepared += "registration prepared: ty=probe:index:Thing" in request.message
        return empty_pb2.Empty()


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    first = None

    def SupportsFeature(self, request, context):
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(self, request, context):
        if request.type == "probe:index:Thing" and self.first is None:
            self.first = engine.prepared
        urn = f"urn:pulumi:dev::probe::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id="id", object=request.object)

    def RegisterResourceOutputs(self, request, context):
        return empty_pb2.Empty()


def program():
    for number in range(COUNT):
        pulumi.CustomResource("probe:index:Thing", f"thing-{number}", {"name": f"thing {number}", "size": number})


server = grpc.server(ThreadPoolExecutor(16))
engine, monitor = Engine(), Monitor()
engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
server.start()
pulumi.runtime.configure(pulumi.runtime.Settings("probe", "dev", monitor=address, engine=address))
loop = asyncio.new_event_loop()
loop.set_default_executor(ThreadPoolExecutor(8))
loop.run_until_complete(pulumi.runtime.run_in_stack(program))
print(f"prepared when the first arrived: {monitor.first} of {COUNT}")
server.stop(None)
END
environment/bin/python probe.py 2>errors | tee seen
diff seen - <<'END' || { cat errors; echo "changed: see the lines above"; exit 1; }
prepared when the first arrived: 500 of 500
END
echo "as known: the first resource is registered when the last is prepared"
