"""A provider process that lives long: connections, threads and memory do not grow with what it does."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from lifecycle.provider_process import CallError, CheckError, Props, ProviderProcess, org_secrets, secret

from influx_secrets.emulator import Answer, Emulator

pytestmark = pytest.mark.alone

THREADS = 4
"""How many calls the SDK's provider process serves at a time."""
OWN_THREADS = 3
"""gRPC starts and ends a few as it likes."""
KEYS = 40
WARM_UP = 80
LIVES = 1_000
GROWTH_BYTES = 6 << 20
"""Less than 1,000 lives would take if each kept 6 kB: a thread, a socket or an answer are more."""
MANY = 50_000
BYTES_PER_KEY = 1_700
"""Of the peak, for a value of 40 bytes. Needed are 1,400 with Python 3.11, and 1,540 with 3.10."""


class Held(NamedTuple):
    """What a process has of the machine."""

    threads: int
    connections: int
    """To the server: as many as were wanted at a time so far, which is for the calls that met by chance to say."""
    other_files: int
    memory: int


def held(process: ProviderProcess, server: Emulator) -> Held:
    seen = psutil.Process(process.pid)
    port = urlsplit(server.url).port
    connections = sum(bool(found.raddr) and found.raddr.port == port for found in seen.net_connections("tcp"))
    return Held(seen.num_threads(), connections, seen.num_fds() - connections, seen.memory_info().rss)


def live(process: ProviderProcess, org_id: str, number: int) -> None:
    """Take one secret through every call of the life cycle; what goes is a key that no check has claimed."""
    key = f"K{number % KEYS}"

    def declared(value: str) -> Props:
        declaration = {"resource": f'Secret "{key}"', "preview": False}
        return {**secret(key, key=key, value=value, org="acme").props, "declaration": declaration}

    inputs = process.check("Secret", {}, declared(f"value {number % KEYS}"))
    id_, outputs = process.create("Secret", inputs)
    news = process.check("Secret", inputs, declared(f"value {number % KEYS}, too"))
    process.diff("Secret", id_, outputs, news)
    updated = process.update("Secret", id_, outputs, news)
    process.read("Secret", id_, updated)
    # The next check finds what it declares.
    process.update("Secret", id_, updated, process.check("Secret", news, declared(f"value {number % KEYS}")))
    process.delete("Secret", f"{org_id}/GONE_{key}", {**updated, "key": f"GONE_{key}"})


def test_process_holds_no_more_after_a_thousand_lives(emulator: Emulator) -> None:
    """Four callers at a time: a connection each; the threads as after the first lives, and about the same memory."""
    process = ProviderProcess(emulator.environment)
    org_id = emulator.org_id("acme")
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda number: live(process, org_id, number), range(WARM_UP)))
            before = held(process, emulator)
            list(pool.map(lambda number: live(process, org_id, number), range(LIVES)))
            after = held(process, emulator)
    finally:
        process.stop()
    assert after.threads <= before.threads + OWN_THREADS
    assert 1 <= after.connections <= THREADS
    assert after.other_files <= before.other_files
    assert after.memory - before.memory < GROWTH_BYTES
    assert emulator.connections <= THREADS


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what the peak was")
def test_very_many_keys_are_not_held_in_many_copies(emulator: Emulator) -> None:
    """From the first `check` to the end of `create`: what was used is given back before more is taken."""
    declared = org_secrets("all", {f"KEY_{n:06}": f"{n:040}" for n in range(MANY)}, org="acme")
    told = {"resource": declared.resource, **declared.props["declaration"]}
    process = ProviderProcess(emulator.environment)
    try:
        before = peak(process)
        process.create("OrgSecrets", process.check("OrgSecrets", {}, {**declared.props, "declaration": told}))
        assert peak(process) - before < BYTES_PER_KEY * MANY
    finally:
        process.stop()


def peak(process: ProviderProcess) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text("utf-8"))
    assert found is not None
    return int(found[1]) * 1024


def test_process_holds_no_more_after_many_failures() -> None:
    """Answers that are no answers, refusals and broken declarations leave nothing open either."""
    failing = {"on": False}

    def before(method: str, path: str) -> Answer | None:
        del path
        return Answer(501, b"no") if failing["on"] and method == "PATCH" else None

    with Emulator(("acme",), before=before) as broken:
        process = ProviderProcess(broken.environment)
        try:
            live(process, broken.org_id("acme"), 0)
            failing["on"] = True
            fail(process, 20)
            first = held(process, broken)
            fail(process, 100)
            last = held(process, broken)
        finally:
            process.stop()
    assert last.threads <= first.threads + OWN_THREADS
    assert last.connections == first.connections == 1
    assert last.other_files <= first.other_files


def fail(process: ProviderProcess, times: int) -> None:
    for _ in range(times):
        declaration = {"resource": 'Secret "f"', "preview": False}
        props = {**secret("f", key="F", value="v", org="acme").props, "declaration": declaration}
        inputs = process.check("Secret", {}, props)
        with pytest.raises(CallError):
            process.create("Secret", inputs)
        with pytest.raises(CheckError):
            process.check("Secret", {}, {**props, "org": "nowhere"})
