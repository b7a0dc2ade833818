"""Calls of the engine that are under way at the same time do not wait for each other's requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from lifecycle.provider_process import CallError, Props, ProviderProcess, secret

from influx_secrets.emulator import Answer, Emulator

SECONDS = 20
ORGS = ("one", "two", "three", "four")


@contextmanager
def serving(parties: int, waits: Callable[[str, str], bool]) -> Iterator[tuple[Emulator, ProviderProcess]]:
    """Yield a server that answers a request that waits only when so many of them are under way."""
    together = threading.Barrier(parties)

    def before(method: str, path: str) -> Answer | None:
        if waits(method, path):
            together.wait(SECONDS)
        return None

    with Emulator(ORGS, before=before) as server:
        process = ProviderProcess(server.environment)
        try:
            yield server, process
        finally:
            process.stop()


def declared(key: str, *, preview: bool, **org: str) -> Props:
    props = secret(key, key=key, value="1", **org).props
    return {**props, "declaration": {"resource": f'Secret "{key}"', "preview": preview}}


def test_previews_of_four_orgs_ask_side_by_side() -> None:
    """On a server that takes a second a call, all of them take one: four lists are under way at once."""
    with (
        serving(len(ORGS), lambda _, path: path.endswith("/secrets")) as (server, process),
        ThreadPoolExecutor() as engine,
    ):
        checks = [
            engine.submit(process.check, "Secret", {}, declared(name, preview=True, org_id=server.org_id(name)))
            for name in ORGS
        ]
        assert [check.result(SECONDS)["version"] for check in checks] == [1, 1, 1, 1]
        assert len(server.requests) == len(ORGS)


def test_a_write_does_not_wait_for_look_ups_nor_these_for_each_other() -> None:
    """Four names are looked up, and a key of an org that is known is written: five requests at once."""
    with (
        serving(5, lambda method, path: method == "PATCH" or path.startswith("/api/v2/orgs?")) as (server, process),
        ThreadPoolExecutor() as engine,
    ):
        inputs = process.check("Secret", {}, declared("A", preview=False, org_id=server.org_id("one")))
        calls = [engine.submit(process.check, "Secret", {}, declared(name, preview=False, org=name)) for name in ORGS]
        process.create("Secret", inputs)
        assert [call.result(SECONDS)["org_id"] for call in calls] == [server.org_id(name) for name in ORGS]


def test_same_questions_at_once_are_one_request() -> None:
    """A name is looked up and an org listed once, however many resources are checked while that is under way."""
    with (
        serving(1, lambda *_: False) as (server, process),
        ThreadPoolExecutor() as engine,
    ):
        checks = [
            engine.submit(process.check, "Secret", {}, declared(f"K{n}", preview=False, org="one")) for n in range(8)
        ]
        for check in checks:
            check.result(SECONDS)
        assert [request.method for request in server.requests] == ["GET", "GET"]


def test_bug_in_check_shows_its_traceback_after_an_error_of_ours(emulator: Emulator) -> None:
    """The user's errors are one line; a bug is reported with all of its frames, in whatever order they come."""
    process = ProviderProcess(emulator.environment)
    with pytest.raises(CallError):
        process.create("Secret", {"org_id": "0" * 16, "key": "A", "digest": "", "version": 1})
    with pytest.raises(CallError, match="'resource'"):
        process.check("Secret", {}, {"key": "A", "declaration": {}})
    assert process.stop().count("in decode_declaration") == 1
