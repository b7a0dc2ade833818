"""Changes that come while another is under way go together, and no one pays for the error of another."""

from __future__ import annotations

import itertools
import threading
import time
from collections import UserDict
from collections.abc import Iterator, KeysView, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from influx_secrets import InfluxSecretsError, InvalidError
from influx_secrets._provider.group_commit import Joint, Turns

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


def write_behind(
    server: Server, pool: ThreadPoolExecutor, *later: Noted, writes: Joint[str] | None = None
) -> list[Future[None]]:
    """Write `first`, and the others while that is under way."""
    writes = writes or Turns().writes
    running = [pool.submit(writes.change, {"first": "1"}, server.send)]
    assert server.busy.wait(SECONDS)
    for values in later:
        running.append(pool.submit(writes.change, values, server.send))
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
    writes = Turns().writes
    server.go_on.set()
    with pytest.raises(InvalidError):
        writes.change({"bad": "1"}, server.send)
    writes.change({"good": "1"}, server.send)
    assert server.sent[-1] == {"good": "1"}


class Slow:
    """A clock by which every transaction took as long, a minute unless told otherwise."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._looks = itertools.count()

    def __call__(self) -> float:
        return self._seconds * next(self._looks)


def test_turn_waits_for_as_many_as_were_seen_together(server: Server, pool: ThreadPoolExecutor) -> None:
    """Two of three wait a moment for the third, which has just had its answer."""
    writes = Turns(Slow(), patience=SECONDS).writes
    running = write_behind(server, pool, Noted(a="1"), Noted(b="2"), writes=writes)
    running[0].result(SECONDS)
    assert len(server.sent) == 1
    running.append(pool.submit(writes.change, {"c": "3"}, server.send))
    for done in running:
        done.result(SECONDS)
    assert server.sent == [{"first": "1"}, {"a": "1", "b": "2", "c": "3"}]


def test_turn_waits_longer_than_a_transaction_takes(server: Server, pool: ThreadPoolExecutor) -> None:
    """Near a fast server the engine needs longer than that to ask for the next change."""
    writes = Turns(Slow(2.0), patience=SECONDS).writes
    running = write_behind(server, pool, Noted(a="1"), Noted(b="2"), writes=writes)
    running[0].result(SECONDS)
    time.sleep(3)
    running.append(pool.submit(writes.change, {"c": "3"}, server.send))
    for done in running:
        done.result(SECONDS)
    assert server.sent == [{"first": "1"}, {"a": "1", "b": "2", "c": "3"}]


def test_turn_waits_in_vain_but_once(server: Server, pool: ThreadPoolExecutor) -> None:
    """Who goes on alone is not expected to have company, however long a transaction takes."""
    writes = Turns(Slow()).writes
    for done in write_behind(server, pool, Noted(a="1"), Noted(b="2"), writes=writes):
        done.result(SECONDS)
    lone = Turns(Slow(), patience=threading.TIMEOUT_MAX).writes
    for n in range(3):
        lone.change({f"n{n}": "1"}, server.send)
    assert len(server.sent) == 5


def test_one_kind_of_change_waits_for_the_other(server: Server, pool: ThreadPoolExecutor) -> None:
    """A removal overlaps a write as little as another write does."""
    turns = Turns()
    writing = pool.submit(turns.writes.change, {"first": "1"}, server.send)
    assert server.busy.wait(SECONDS)
    removed: list[str] = []
    entered = threading.Event()

    def doomed() -> None:
        entered.set()
        turns.removals.change({"old": None}, removed.extend)

    removing = pool.submit(doomed)
    assert entered.wait(SECONDS)
    assert not removed
    server.go_on.set()
    writing.result(SECONDS)
    removing.result(SECONDS)
    assert removed == ["old"]
