"""Writes that come while another is under way go together, and no one pays for the error of another."""

from __future__ import annotations

import threading
from collections import UserDict
from collections.abc import Iterator, KeysView, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from influx_secrets import InfluxSecretsError, InvalidError
from influx_secrets._writes import Writes

SECONDS = 30


class Noted(UserDict[str, str]):
    """Values that tell when they were looked at, and so joined."""

    def __init__(self, **values: str) -> None:
        super().__init__(values)
        self.joined = threading.Event()

    def keys(self) -> KeysView[str]:
        self.joined.set()
        return super().keys()


class Server:
    """Notes what is sent; the first transaction waits until it may end, and one with the key `bad` fails."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.busy, self.go_on = threading.Event(), threading.Event()

    def send(self, values: Mapping[str, str]) -> None:
        self.sent.append(dict(values))
        if len(self.sent) == 1:
            self.busy.set()
            assert self.go_on.wait(SECONDS)
        if "bad" in values:
            raise InvalidError(f"sent {len(self.sent)}", method="PATCH", path="/", status=400)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as started:
        yield started


def write_behind(server: Server, pool: ThreadPoolExecutor, *later: Noted) -> list[Future[None]]:
    """Write `first`, and the others while that is under way."""
    writes = Writes()
    running = [pool.submit(writes.write, {"first": "1"}, server.send)]
    assert server.busy.wait(SECONDS)
    for values in later:
        running.append(pool.submit(writes.write, values, server.send))
        assert values.joined.wait(SECONDS)
    server.go_on.set()
    return running


def test_writes_that_wait_go_together(server: Server, pool: ThreadPoolExecutor) -> None:
    """Three that came meanwhile are one transaction."""
    for done in write_behind(server, pool, Noted(a="1"), Noted(b="2"), Noted(c="3")):
        done.result(SECONDS)
    assert server.sent == [{"first": "1"}, {"a": "1", "b": "2", "c": "3"}]


def test_joined_writes_that_fail_go_again_alone(server: Server, pool: ThreadPoolExecutor) -> None:
    """Each meets its own error, if it has one."""
    _, good, bad, other = write_behind(server, pool, Noted(a="1"), Noted(bad="2"), Noted(c="3"))
    good.result(SECONDS)
    other.result(SECONDS)
    with pytest.raises(InfluxSecretsError):
        bad.result(SECONDS)
    assert server.sent[1] == {"a": "1", "bad": "2", "c": "3"}
    assert sorted(map(str, server.sent[2:])) == ["{'a': '1'}", "{'bad': '2'}", "{'c': '3'}"]


def test_write_alone_that_fails_is_not_sent_again(server: Server, pool: ThreadPoolExecutor) -> None:
    """The client has tried it as often as it may help."""
    first, bad = write_behind(server, pool, Noted(bad="2"))
    first.result(SECONDS)
    with pytest.raises(InvalidError, match="sent 2"):
        bad.result(SECONDS)
    assert server.sent == [{"first": "1"}, {"bad": "2"}]


def test_turn_is_free_after_an_error(server: Server) -> None:
    """A failure is no reason to wait for ever."""
    writes = Writes()
    server.go_on.set()
    with pytest.raises(InvalidError):
        writes.write({"bad": "1"}, server.send)
    writes.write({"good": "1"}, server.send)
    assert server.sent[-1] == {"good": "1"}
