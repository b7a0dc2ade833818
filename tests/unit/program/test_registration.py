"""When the resources of a program are prepared, and how many are registered at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import pulumi
import pytest
from program_mocks import Mocks
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto.resource_pb2 import RegisterResourceResponse
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func

import influx_secrets as influx
from influx_secrets._program import sdk
from influx_secrets._program.registration import MOST, Threads
from influx_secrets._program.run import Run
from influx_secrets._provider.sdk import THREADS

P = ParamSpec("P")
T = TypeVar("T")
PARALLEL = 8
AHEAD = 32


class Engine(MockMonitor):
    """Answers with the inputs, a moment after as many resources of a kind are there as it waits for; notes the most.

    `MockMonitor` itself leaves an event loop in each thread that asks it (3.272.0).
    """

    def __init__(self, **awaited: int) -> None:
        super().__init__(Mocks())
        self.most: Counter[str] = Counter()
        self.names: list[str] = []
        self._present: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._meetings = {kind: threading.Barrier(count) for kind, count in awaited.items()}

    def RegisterResource(self, request: Any) -> RegisterResourceResponse:  # noqa: ANN401, N802 (the SDK's)
        self.names.append(request.name)
        kind = request.type.rpartition(":")[2]
        self._count(kind, 1)
        if kind in self._meetings:
            self._meetings[kind].wait(10)
            time.sleep(0.02)
        self._count(kind, -1)
        return RegisterResourceResponse(
            urn=self.make_urn(request.parent, request.type, request.name), id="id", object=request.object
        )

    def _count(self, kind: str, change: int) -> None:
        with self._lock:
            self._present[kind] += change
            self.most[kind] = max(self.most[kind], self._present[kind])


class Recorder(ThreadPoolExecutor):
    """The threads of the SDK, which know what they were given and whether they were told to end."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.calls = 0
        self.has_ended = False

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        self.calls += 1
        return super().submit(call, *args, **kwargs)

    def shutdown(self, *args: bool, **kwargs: bool) -> None:
        self.has_ended = True
        super().shutdown(*args, **kwargs)


def run(engine: Engine, parallel: int, *programs: Callable[[], None]) -> Recorder:
    """Run programs on one event loop, as the language host does: `--parallel` is the number of threads."""

    async def begin() -> None:
        for program in programs:
            pulumi.runtime.set_mocks(engine.mocks, preview=False, monitor=engine)
            SETTINGS.parallel = parallel
            await asyncio.wait_for(run_pulumi_func(program), 30)

    loop = asyncio.new_event_loop()
    given = Recorder(parallel)
    loop.set_default_executor(given)
    try:
        loop.run_until_complete(begin())
    finally:
        loop.close()
        pulumi.runtime.settings.reset_options()
    return given


def declare(count: int) -> None:
    for number in range(count):
        influx.Secret(f"secret-{number}", org="acme", key=f"KEY_{number}", value="hunter2")


def test_more_secrets_are_registered_at_a_time_than_the_engine_writes() -> None:
    """So the next ones are in the engine when a transaction ends. Other resources have the threads of the SDK."""
    engine = Engine(Secret=AHEAD, Other=PARALLEL)

    def program() -> None:
        declare(2 * AHEAD)
        for number in range(2 * PARALLEL):
            pulumi.CustomResource("test:test:Other", f"other-{number}")

    assert run(engine, PARALLEL, program).has_ended
    assert (engine.most["Secret"], engine.most["Other"]) == (AHEAD, PARALLEL)


@pytest.mark.parametrize("parallel", [1, 64])
def test_threads_of_the_sdk_register_secrets_too(parallel: int) -> None:
    """Where a user asked for one operation at a time, which is the program's order, or for as many as we would add."""
    provider_and_secrets = 1 + 2 * PARALLEL
    assert run(Engine(), parallel, lambda: declare(2 * PARALLEL)).calls >= provider_and_secrets


def test_one_operation_at_a_time_keeps_the_order_of_the_program() -> None:
    """`Secret`s would be behind what takes no turn."""
    engine = Engine()

    def program() -> None:
        declare(50)
        influx.OrgSecrets("last", org="acme", secrets={"A": "hunter2"})

    run(engine, 1, program)
    assert engine.names[-51:] == [*(f"secret-{number}" for number in range(50)), "last"]


def test_second_run_of_an_event_loop_adds_no_threads() -> None:
    """A process can have one loop, and a run of a program in it again and again."""
    made: list[object] = []

    def program() -> None:
        declare(1)
        made.append(sdk.executor(asyncio.get_event_loop())[0])

    run(Engine(), PARALLEL, program, program)
    assert made[0] is made[1]
    assert isinstance(made[0], Threads)


def test_most_registrations_are_as_many_calls_as_a_provider_process_serves() -> None:
    """Two processes, which do not import each other's modules."""
    assert MOST == THREADS


def test_first_secret_is_registered_before_the_others_are_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a program with very many, the SDK would prepare all first."""
    prepared: list[str] = []
    sent: list[int] = []
    serialize, submit = rpc.serialize_properties, Threads.submit

    async def noted(inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (the SDK's)
        done = await serialize(inputs, *args, **kwargs)
        prepared.append(inputs.get("key", ""))
        return done

    def watched(self: Threads, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (as above)
        sent.append(len(prepared))
        return submit(self, *args, **kwargs)

    monkeypatch.setattr(rpc, "serialize_properties", noted)
    monkeypatch.setattr(Threads, "submit", watched)
    run(Engine(), PARALLEL, lambda: declare(200))
    assert len(prepared) > 200
    assert sum(count < 100 for count in sent) > 50


def test_provider_that_cannot_be_registered_ends_the_run() -> None:
    """None waits for its turn for ever."""

    class Refusing(Engine):
        def RegisterResource(self, request: Any) -> RegisterResourceResponse:  # noqa: ANN401, N802 (the SDK's)
            if request.type.startswith("pulumi:providers:"):
                raise RuntimeError("no provider")
            return super().RegisterResource(request)

    def program() -> None:
        declare(3)
        # As programs do that await something: the SDK waits for what has begun, and for the last one first.
        sdk.start(asyncio.sleep(0.1))

    with pytest.raises(RuntimeError, match="no provider"):
        run(Refusing(), PARALLEL, program)


def test_wrong_value_declares_nothing() -> None:
    """A program may go on with another value, and no removal waits for the check of a `Secret` that is not made."""

    def program() -> None:
        with pytest.raises(influx.DeclarationError):
            influx.Secret("a", org="acme", key="A", value="hunter2", rotate_on=3)  # type: ignore[arg-type]
        influx.Secret("a", org="acme", key="A", value="hunter2")
        assert Run.current()._names == {'Secret "a"': 1}

    run(Engine(), PARALLEL, program)
