"""What is done to a provider process, and to that of an engine alone."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from influx_secrets._client.settings import Settings
from influx_secrets._provider import process
from influx_secrets._provider.process import serve_threads, set_up_process
from influx_secrets._provider.sdk import SDK_THREADS, THREADS, widen
from influx_secrets._run_register import Process, Register

SERVES_ON = """
import sys, threading
from importlib.machinery import ModuleSpec
from influx_secrets._provider.process import set_up_process

__spec__ = ModuleSpec("pulumi.dynamic.__main__", None)
set_up_process()
print([thread.name for thread in threading.enumerate() if thread.name.startswith("influx-secrets")])
"""


ENDS = """
import gc, sys
from importlib.machinery import ModuleSpec
from influx_secrets._provider.process import set_up_process

__spec__ = ModuleSpec("pulumi.dynamic.__main__", None)
set_up_process()
gc.set_debug(gc.DEBUG_STATS)
"""


THREADS_OF = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from influx_secrets._provider.process import serve_threads, set_up_process

def call():
    set_up_process()
    serve_threads()

__spec__ = ModuleSpec("pulumi.dynamic.__main__", None)
with ThreadPoolExecutor(4) as pool:
    pool.submit(call).result()
    seen = {frozenset(os.sched_getaffinity(thread.native_id)) for thread in threading.enumerate()}
    print(threading.active_count(), [len(processors) for processors in seen])
"""


def processors() -> frozenset[int]:
    """Those that this thread may run on, on Linux."""
    return frozenset(os.sched_getaffinity(0)) if sys.platform == "linux" else frozenset()


def test_other_process_is_left_alone() -> None:
    """A program that imports the package, or tests it, may lose its standard input as it likes, and shows errors."""
    before = threading.active_count(), sys.getswitchinterval(), processors()
    set_up_process()
    assert serve_threads() == SDK_THREADS
    assert (threading.active_count(), sys.getswitchinterval(), processors()) == before
    assert not hasattr(sys, "tracebacklimit")


@pytest.mark.parametrize("stdin", ["/dev/null", __file__])
def test_provider_started_by_hand_serves_on(stdin: str) -> None:
    """Without a pipe there is no engine at the other end, whose end could be noticed."""
    with Path(stdin).open("rb") as given:
        done = subprocess.run(
            [sys.executable, "-c", SERVES_ON], stdin=given, capture_output=True, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_provider_does_not_look_for_garbage_at_its_end() -> None:
    """The engine waits for it, and Python would look at each object several times."""
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=60, check=True)
    looked_at = " ".join(re.findall(r"each generation: ([\d ]+)", done.stderr))
    left_alone = re.findall(r"permanent generation: (\d+)", done.stderr)
    assert sum(map(int, looked_at.split())) < min(map(int, left_alone))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not let a process choose its processors")
def test_threads_of_a_provider_share_one_processor() -> None:
    """Those that were there before, and those that were started for more calls."""
    done = subprocess.run([sys.executable, "-c", THREADS_OF], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"{THREADS + 1} [1]\n"


@pytest.mark.parametrize(("command", "connects"), [("destroy", True), ("up", False), ("preview", False)])
def test_destroy_alone_connects_before_its_first_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, *, connects: bool
) -> None:
    """It certainly sends something. Most other runs of a program send nothing."""
    register = Register(tmp_path, "1", Process(1, "0", ("pulumi", command)))
    monkeypatch.setattr(Register, "join", lambda *_: register)
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = Settings(url=f"http://127.0.0.1:{server.getsockname()[1]}", token="planted-token==")
        head_start = process._session.__wrapped__(settings)._head_start
        connection = head_start.take() if head_start else None
    assert (connection is not None) == connects
    if connection:
        connection.close()


def test_pool_serves_the_calls_that_came_before_it_was_widened() -> None:
    """Every call of a first burst gets a thread, though the pool was too small for them when they came."""
    together = threading.Barrier(THREADS)
    with ThreadPoolExecutor(SDK_THREADS) as pool:
        go_on = threading.Event()

        def call(number: int) -> int:
            assert go_on.wait(30)
            size = widen() if number == 0 else 0
            together.wait(30)
            return size

        running = [pool.submit(call, number) for number in range(THREADS)]
        go_on.set()
        assert running[0].result(30) == THREADS


@pytest.mark.parametrize("waiting", [0, 4, 28])
def test_pool_has_all_its_threads_at_once(waiting: int) -> None:
    """Later none would be started where it is needed: calls that waited count as idle threads (Python 3.10, 3.11)."""
    with ThreadPoolExecutor(SDK_THREADS) as pool:
        go_on = threading.Event()

        def call(number: int) -> None:
            assert go_on.wait(30)
            if number == 0:
                widen()

        running = [pool.submit(call, number) for number in range(SDK_THREADS + waiting)]
        go_on.set()
        for one in running:
            one.result(30)
        assert len(pool._threads) == THREADS


def test_pool_is_as_wide_as_the_machine_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container can limit the number of threads."""
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if threading.active_count() >= before + 10:
            raise RuntimeError("can't start new thread")
        start(thread)

    with ThreadPoolExecutor(SDK_THREADS) as pool:
        before = threading.active_count()
        monkeypatch.setattr(threading.Thread, "start", limited)
        assert pool.submit(widen).result(30) == 10
        assert pool.submit(int).result(30) == 0


class SizelessPool(ThreadPoolExecutor):
    """A pool that keeps its size under another name."""

    def __init__(self) -> None:
        super().__init__(SDK_THREADS)
        del self._max_workers


SIZELESS = SizelessPool()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="no-argument"),
        pytest.param((print,), id="another-argument"),
        pytest.param((weakref.ref(Path),), id="another-reference"),
        pytest.param((weakref.ref(SIZELESS),), id="another-pool"),
    ],
)
def test_pool_that_is_not_as_expected_stays_as_it_is(arguments: tuple[object, ...]) -> None:
    """Then the process serves four calls at a time, as the SDK made it."""
    found: list[int] = []
    thread = threading.Thread(target=lambda *_: found.append(widen()), args=arguments)
    thread.start()
    thread.join(30)
    assert found == [SDK_THREADS]
