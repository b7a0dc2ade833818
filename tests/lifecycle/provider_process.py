"""The provider process of the SDK (`pulumi.dynamic`), and a stand-in for the engine over gRPC."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from lifecycle.forked_provider import fork
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN

import influx_secrets
from influx_secrets._model.keys import escape_key
from influx_secrets.emulator import Emulator

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Props = dict[str, Any]
Kind = Literal["Secret", "OrgSecrets"]

PICKLES = {
    "Secret": serialize_provider(influx_secrets.SecretProvider()),
    "OrgSecrets": serialize_provider(influx_secrets.OrgSecretsProvider()),
}
_PROVIDER = "__provider"
_OLD_SDK = "Exception calling application: "
"""What the SDK said before the message of an error, until it came to say the name of its class."""
_CALL_SECONDS = 120
_SOME_BYTES = 64


class CheckError(Exception):
    """The reasons of a refused declaration."""

    def __init__(self, failures: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(reason for _, reason in failures))
        self.failures = failures


class CallError(Exception):
    """What the user would be shown of a call that raised."""


class ProviderProcess:
    """One process, as the engine starts one for each provider and each run."""

    def __init__(self, environ: Mapping[str, str], config: Mapping[str, str] | None = None) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "COVERAGE_PROCESS_START") if name in os.environ}
        kept |= {
            name: value for name, value in os.environ.items() if name.startswith(("COV_CORE", "COVERAGE", "PYTHON"))
        }
        self._process, self._stdin, stdout, stderr = fork({**kept, **environ})
        with stdout:
            port = int(os.read(stdout.fileno(), _SOME_BYTES))
        self._said = ""
        self._reader = threading.Thread(target=self._read, args=(stderr,), daemon=True)
        self._reader.start()
        options = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        args = _struct(dict(config or {}))
        self._call("Configure", provider_pb2.ConfigureRequest(args=args), wait_for_ready=True)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def check(self, kind: Kind, olds: Props, news: Props) -> Props:
        request = provider_pb2.CheckRequest(olds=_bag(kind, olds), news=_bag(kind, news))
        reply = self._call("Check", request)
        if reply.failures:
            raise CheckError([(failure.property, failure.reason) for failure in reply.failures])
        return _props(reply.inputs)

    def diff(self, kind: Kind, id_: str, olds: Props, news: Props) -> tuple[bool, list[str]]:
        request = provider_pb2.DiffRequest(id=id_, olds=_bag(kind, olds), news=_bag(kind, news))
        reply = self._call("Diff", request)
        assert not reply.deleteBeforeReplace
        return reply.changes == provider_pb2.DiffResponse.DIFF_SOME, list(reply.replaces)

    def create(self, kind: Kind, props: Props) -> tuple[str, Props]:
        reply = self._call("Create", provider_pb2.CreateRequest(properties=_bag(kind, props)))
        return reply.id, _props(reply.properties)

    def update(self, kind: Kind, id_: str, olds: Props, news: Props) -> Props:
        request = provider_pb2.UpdateRequest(id=id_, olds=_bag(kind, olds), news=_bag(kind, news))
        return _props(self._call("Update", request).properties)

    def delete(self, kind: Kind, id_: str, props: Props) -> None:
        self._call("Delete", provider_pb2.DeleteRequest(id=id_, properties=_bag(kind, props)))

    def read(self, kind: Kind, id_: str, props: Props) -> tuple[str, Props, Props]:
        reply = self._call("Read", provider_pb2.ReadRequest(id=id_, properties=_bag(kind, props)))
        return reply.id, _props(reply.properties), _props(reply.inputs)

    def lose_the_engine(self) -> int:
        """Let go of the process as an engine does that is killed; return its exit status once it has ended."""
        self._stdin.close()
        self._process.join(30)
        assert self._process.exitcode is not None
        return self._process.exitcode

    def stop(self) -> str:
        """End the process; return what it wrote to stderr."""
        self._channel.close()
        self._process.terminate()
        self._process.join(10)
        if self._process.exitcode is None:
            # On a busy machine the handler that saves the measured coverage was seen to hang; the engine kills too.
            self._process.kill()
            self._process.join(10)
        self._reader.join(10)
        self._process.close()
        self._stdin.close()
        return self._said

    def _read(self, stderr: Connection) -> None:
        with stderr, open(stderr.fileno(), encoding="utf-8", closefd=False) as lines:
            self._said = lines.read()

    def _call(self, name: str, request: Any, **how: Any) -> Any:  # noqa: ANN401 (generated messages)
        try:
            return getattr(self._stub, name)(request, timeout=_CALL_SECONDS, **how)
        except grpc.RpcError as error:
            raise CallError(str(error.details()).strip().removeprefix(_OLD_SDK)) from None


@dataclass(frozen=True)
class Declared:
    """A resource of a program, as its inputs leave the program.

    Attributes:
        ignored: As with `ignore_changes=["*"]`.
        triggered: Its `replacement_trigger` changed, or what it names in `replace_with` is replaced.
    """

    name: str
    kind: Kind
    props: Props
    ignored: bool = False
    triggered: bool = False

    @property
    def resource(self) -> str:
        return f'{self.kind} "{self.name}"'


def secret(name: str, *, key: Any, value: Any = None, **props: Any) -> Declared:  # noqa: ANN401 (wrong ones too)
    """Declare a `Secret`; without a value as `ignore_changes=["value"]` makes it."""
    given = {} if value is None else {"value": value}
    return Declared(name, "Secret", {"key": key, "digest": "", "overwrite": False, **given, **props})


def org_secrets(
    name: str,
    secrets: Mapping[str, Any] | str | None,
    *,
    keys: list[str] | None = None,
    **props: Any,  # noqa: ANN401 (wrong ones too)
) -> Declared:
    """Declare an `OrgSecrets`; `keys` are the names in the program where something may have acted on the map."""
    given: Props = {}
    told: Props = {}
    if isinstance(secrets, Mapping) and keys is None:
        known = {key: value for key, value in secrets.items() if isinstance(value, str) and value != UNKNOWN}
        told = {"values": json.dumps(known)}
        secrets = {key: value for key, value in secrets.items() if key not in known}
    elif keys is not None:
        told = {"keys": keys}
    if secrets is not None:
        given["secrets"] = secrets if isinstance(secrets, str) else {escape_key(k): v for k, v in secrets.items()}
    extra = {"declaration": told}
    return Declared(
        name,
        "OrgSecrets",
        {"digests": "", "exclusive": False, "keep": [], "overwrite": False, **given, **extra, **props},
    )


@dataclass
class Stored:
    """A resource of the state."""

    kind: Kind
    id: str
    inputs: Props
    outputs: Props


@dataclass
class Engine:
    """Calls a provider process in the order of the real engine (facts seen with Pulumi 3.259.0), and keeps a state."""

    environ: Mapping[str, str]
    config: Mapping[str, str] = field(default_factory=dict)
    parallel: int = 4
    state: dict[str, Stored] = field(default_factory=dict)
    said: str = ""

    def preview(self, *declared: Declared) -> dict[str, str]:
        """Return name to operation; `failed: ...` where a declaration is refused."""
        steps = {}
        with self._process() as process:
            for item in declared:
                try:
                    steps[item.name] = self._plan(process, item, len(declared), preview=True)[0]
                except CheckError as error:
                    steps[item.name] = f"failed: {error}"
        for name in self.state.keys() - {item.name for item in declared}:
            steps[name] = "delete"
        return steps

    def checked(self, item: Declared) -> Props:
        """Return the checked inputs of one resource in a preview."""
        with self._process() as process:
            return self._plan(process, item, 1, preview=True)[1]

    def up(
        self,
        *declared: Declared,
        replace: frozenset[str] = frozenset(),
        resources: int | None = None,
        pause: float = 0,
    ) -> dict[str, str]:
        """Apply; return name to operation. What fails keeps its old state, and deletes go on (`--continue-on-error`).

        `resources` is what the program says of their number; `pause` lets steps run before the next check, in seconds.
        """
        steps: dict[str, str] = {}
        old: list[tuple[str, Stored]] = []
        running: list[tuple[Declared, str, Future[Stored]]] = []
        with self._process() as process, ThreadPoolExecutor(self.parallel) as pool:
            for item in declared:
                try:
                    op, inputs = self._plan(
                        process, item, resources or len(declared), preview=False, replace=item.name in replace
                    )
                except CheckError as error:
                    steps[item.name] = f"failed: {error}"
                    continue
                running.append((item, op, pool.submit(self._apply, process, item, op, inputs)))
                time.sleep(pause)
            for item, op, future in running:
                try:
                    done = future.result()
                except CallError as error:
                    steps[item.name] = f"failed: {error}"
                    continue
                steps[item.name] = op
                if op == "replace":
                    old.append((item.name, self.state[item.name]))
                self.state[item.name] = done
            leavers = [name for name in self.state if name not in {item.name for item in declared}]
            for name, stored in [*old, *((name, self.state[name]) for name in leavers)]:
                try:
                    process.delete(stored.kind, stored.id, stored.outputs)
                except CallError as error:
                    steps[name] = f"failed: {error}"
                    continue
                if name in leavers:
                    steps[name] = "delete"
                    del self.state[name]
        return steps

    def refresh(self) -> dict[str, str]:
        """Read every resource; return name to `gone`, `same` or `changed`."""
        found = {}
        with self._process() as process:
            for name, stored in list(self.state.items()):
                id_, outputs, inputs = process.read(stored.kind, stored.id, stored.outputs)
                if not id_:
                    del self.state[name]
                    found[name] = "gone"
                    continue
                found[name] = "same" if outputs == stored.outputs else "changed"
                self.state[name] = Stored(stored.kind, id_, inputs, outputs)
        return found

    def destroy(self) -> None:
        """Delete every resource; no `check` comes before."""
        with self._process() as process, ThreadPoolExecutor(self.parallel) as pool:
            running = {
                name: pool.submit(process.delete, stored.kind, stored.id, stored.outputs)
                for name, stored in self.state.items()
            }
            for name, future in running.items():
                future.result()
                del self.state[name]

    @contextmanager
    def _process(self) -> Iterator[ProviderProcess]:
        process = ProviderProcess(self.environ, self.config)
        try:
            yield process
        finally:
            self.said = process.stop()

    def _plan(
        self, process: ProviderProcess, item: Declared, resources: int, *, preview: bool, replace: bool = False
    ) -> tuple[str, Props]:
        extra = item.props.get("declaration", {})
        told = {"resource": item.resource, "preview": preview, "resources": [resources]}
        news = {**item.props, "declaration": {**told, **extra}}
        stored = self.state.get(item.name)
        if stored is not None and item.ignored:
            news = stored.inputs  # what the program says besides is a change too
        if stored is None or replace:
            return "create" if stored is None else "replace", process.check(item.kind, {}, news)
        inputs = process.check(item.kind, stored.inputs, news)
        if item.triggered:
            return "replace", process.check(item.kind, {}, news)
        changes, replaces = process.diff(item.kind, stored.id, stored.outputs, inputs)
        if replaces:
            return "replace", process.check(item.kind, {}, news)
        return "update" if changes else "same", inputs

    def _apply(self, process: ProviderProcess, item: Declared, op: str, inputs: Props) -> Stored:
        stored = self.state.get(item.name)
        if op in ("create", "replace") or stored is None:
            id_, outputs = process.create(item.kind, inputs)
            return Stored(item.kind, id_, inputs, outputs)
        outputs = stored.outputs if op == "same" else process.update(item.kind, stored.id, stored.outputs, inputs)
        return Stored(item.kind, stored.id, inputs, outputs)


def _bag(kind: Kind, props: Props) -> Struct:
    return _struct({**props, _PROVIDER: PICKLES[kind]})


def _struct(props: Props) -> Struct:
    bag = Struct()
    bag.update(props)
    return bag


def _props(bag: Struct) -> Props:
    props: Props = MessageToDict(bag)
    props.pop(_PROVIDER, None)
    return props


def calls(emulator: Emulator) -> list[str]:
    """Return the requests since the last look, shortest form."""
    paths = [(request.method, request.path.partition("?")[0]) for request in emulator.requests]
    emulator.clear_requests()
    return [f"{method} {path.rpartition('/')[2]}" for method, path in paths]
