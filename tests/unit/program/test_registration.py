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
from influx_secrets import _run_register
from influx_secrets._program import sdk
from influx_secrets._program.registration import MOST, Threads
from influx_secrets._program.run import Run
from influx_secrets._provider.sdk import THREADS
from influx_secrets._run_register import Process

P = ParamSpec("P")
T = TypeVar("T")
PARALLEL = 8
THREADS_OF_8 = 32


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
            self._meetings[kind].wait(30)
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


def run(engine: Engine, parallel: int, *programs: Callable[[], None], threads: int | None = None) -> Recorder:
    """Run programs on one event loop, as the language host does: `--parallel` is the number of threads."""

    async def begin() -> None:
        for program in programs:
            pulumi.runtime.set_mocks(engine.mocks, preview=False, monitor=engine)
            SETTINGS.parallel = parallel
            await asyncio.wait_for(run_pulumi_func(program), 60)

    loop = asyncio.new_event_loop()
    given = Recorder(threads or parallel)
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


def note_prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the keys of what the SDK has prepared, from now on."""
    prepared: list[str] = []
    serialize = rpc.serialize_properties

    async def noted(inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (the SDK's)
        done = await serialize(inputs, *args, **kwargs)
        prepared.append(inputs.get("key", ""))
        return done

    monkeypatch.setattr(rpc, "serialize_properties", noted)
    return prepared


@pytest.mark.parametrize(("parallel", "threads"), [(PARALLEL, THREADS_OF_8), (64, 64), (70, 70)])
def test_more_secrets_are_registered_at_a_time_than_the_engine_writes(parallel: int, threads: int) -> None:
    """So the next ones are in the engine when a transaction ends. Other resources have the threads of the SDK."""
    engine = Engine(Secret=threads, Other=parallel)

    def program() -> None:
        declare(2 * threads)
        for number in range(2 * parallel):
            pulumi.CustomResource("test:test:Other", f"other-{number}")

    assert run(engine, parallel, program).has_ended
    assert (engine.most["Secret"], engine.most["Other"]) == (threads, parallel)


def test_threads_of_the_sdk_register_secrets_where_one_operation_runs_at_a_time() -> None:
    """That is the program's order."""
    given: list[object] = []

    def program() -> None:
        declare(2 * PARALLEL)
        given.append(sdk.executor(asyncio.get_event_loop())[0])

    # The Automation API has four threads then.
    used = run(Engine(), 1, program, threads=4)
    assert given == [used]


def test_one_operation_at_a_time_keeps_the_order_of_the_program() -> None:
    """`Secret`s would be behind what takes no turn."""
    engine = Engine()

    def program() -> None:
        declare(50)
        influx.OrgSecrets("last", org="acme", secrets={"A": "hunter2"})

    run(engine, 1, program)
    assert engine.names[-51:] == [*(f"secret-{number}" for number in range(50)), "last"]


def test_runs_of_one_event_loop_share_threads() -> None:
    """A process can have one loop, and a run of a program in it again and again."""
    made: list[object] = []
    engine = Engine(Secret=THREADS_OF_8)

    def program() -> None:
        declare(THREADS_OF_8)
        made.append(sdk.executor(asyncio.get_event_loop())[0])

    run(engine, PARALLEL, program, program)
    assert made[0] is made[1]
    assert isinstance(made[0], Threads)
    assert engine.most["Secret"] == THREADS_OF_8


def test_most_registrations_are_as_many_calls_as_a_provider_process_serves() -> None:
    """Two processes, which do not import each other's modules."""
    assert MOST == THREADS


def test_few_secrets_are_prepared_that_wait_for_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that prepares resource after resource holds up the threads, and so the engine and the server."""
    prepared = note_prepared(monkeypatch)
    most = []

    class Slow(Engine):
        """Lets go of the first call when nothing is prepared any more."""

        def RegisterResource(self, request: Any) -> RegisterResourceResponse:  # noqa: ANN401, N802 (the SDK's)
            answer = super().RegisterResource(request)
            if request.name == "secret-0":
                seen = -1
                while seen != len(prepared):
                    seen = len(prepared)
                    time.sleep(0.3)
                most.append(seen)
                self.go_on.set()
            elif request.name.startswith("secret-"):
                assert self.go_on.wait(30)
            return answer

        go_on = threading.Event()

    run(Slow(), PARALLEL, lambda: declare(12 * THREADS_OF_8))
    assert len(prepared) > 12 * THREADS_OF_8
    assert 2 * THREADS_OF_8 <= most[0] < 4 * THREADS_OF_8


def test_registration_that_fails_ends_the_run() -> None:
    """Also while others wait for their turn."""

    class Refusing(Engine):
        def RegisterResource(self, request: Any) -> RegisterResourceResponse:  # noqa: ANN401, N802 (the SDK's)
            if request.name == "secret-0":
                raise RuntimeError("refused")
            return super().RegisterResource(request)

    with pytest.raises(RuntimeError, match="refused"):
        run(Refusing(), PARALLEL, lambda: declare(12 * THREADS_OF_8))


def test_secrets_that_wait_for_a_later_one_do_not_keep_it_from_its_turn() -> None:
    """However many they are: only what waits for a thread counts."""
    engine = Engine()

    def program() -> None:
        later: asyncio.Future[str] = asyncio.get_event_loop().create_future()
        for number in range(4 * THREADS_OF_8):
            influx.Secret(f"secret-{number}", org="acme", key=f"KEY_{number}", value=later)
        influx.Secret("last", org="acme", key="LAST", value="hunter2").urn.apply(later.set_result)

    run(engine, PARALLEL, program)
    secrets = [name for name in engine.names if name == "last" or name.startswith("secret-")]
    assert secrets[0] == "last"
    assert len(secrets) == 4 * THREADS_OF_8 + 1


@pytest.mark.parametrize(
    ("options", "address", "is_sent"),
    [
        (("up",), "127.0.0.1:9", False),
        (("up", "--debug"), "127.0.0.1:9", True),
        (None, "127.0.0.1:9", True),
        (("env", "run"), None, True),
    ],
    ids=["up", "debug", "no engine found", "not started by the engine"],
)
def test_debug_messages_of_secrets_are_sent_where_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...] | None, address: str | None, *, is_sent: bool
) -> None:
    """The program waits for each. Those of other resources are always sent."""
    cli = None if options is None else Process(1, "0", ("pulumi", *options))
    monkeypatch.setattr(_run_register, "find_engine", lambda: cli)
    monkeypatch.setattr(sdk, "engine_address", lambda: address)
    told: list[str] = []

    class Listener:
        def Log(self, request: Any) -> None:  # noqa: ANN401, N802 (the SDK's)
            told.append(request.message)

    def program() -> None:
        SETTINGS.engine = Listener()
        influx.Secret("ours", org="acme", key="KEY", value="hunter2")
        pulumi.CustomResource("test:test:Other", "theirs")

    run(Engine(), PARALLEL, program)
    assert any("name=ours" in message for message in told) == is_sent
    assert sum("name=theirs" in message for message in told) >= 2


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
