"""Changes that come while another is under way go together, and no one pays for the error of another."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from until import until

from influx_secrets import InfluxSecretsError, InvalidError
from influx_secrets._provider import group_commit
from influx_secrets._provider.group_commit import GroupCommit

SECONDS = 30


class Server:
    """Notes what is sent; the first transaction waits until it may end, and one with the key `bad` fails."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.turn = threading.Lock()
        self.writes = GroupCommit(self.turn, self.send)
        self.busy, self.go_on = threading.Event(), threading.Event()

    def send(self, values: Mapping[str, str]) -> None:
        self.sent.append(dict(values))
        if len(self.sent) == 1:
            self.busy.set()
            assert self.go_on.wait(SECONDS)
        if "bad" in values:
            raise InvalidError(f"sent {len(self.sent)}", method="PATCH", path="/", status=400)
        if "bug" in values:
            raise KeyError("bug")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(64) as started:
        yield started


def write_behind(server: Server, pool: ThreadPoolExecutor, *keys: str) -> list[Future[None]]:
    """Write `first`, and the others while that is under way."""
    running = [pool.submit(server.writes.commit, {"first": "1"})]
    assert server.busy.wait(SECONDS)
    for number, key in enumerate(keys, 1):
        running.append(pool.submit(server.writes.commit, {key: "1"}))
        until(lambda: server.writes.pending == number)  # noqa: B023 (called at once)
    return running


def test_writes_that_wait_go_together(server: Server, pool: ThreadPoolExecutor) -> None:
    """All that came meanwhile are one transaction, as many as the process has threads."""
    keys = [f"K{number:02}" for number in range(63)]
    running = write_behind(server, pool, *keys)
    server.go_on.set()
    for done in running:
        done.result(SECONDS)
    assert server.sent == [{"first": "1"}, dict.fromkeys(keys, "1")]
    assert server.writes.pending == 0


@pytest.mark.parametrize(("key", "error"), [("bad", InfluxSecretsError), ("bug", KeyError)])
def test_joined_writes_that_fail_go_again_alone(
    server: Server, pool: ThreadPoolExecutor, key: str, error: type[Exception]
) -> None:
    """Each gets its own error, if it has one."""
    _, *running = write_behind(server, pool, key, "a", "c")
    server.go_on.set()
    for done in running[1:]:
        done.result(SECONDS)
    with pytest.raises(error):
        running[0].result(SECONDS)
    assert server.sent[1] == {key: "1", "a": "1", "c": "1"}
    assert {"a": "1"} in server.sent
    assert {"c": "1"} in server.sent


def test_write_alone_that_fails_is_not_sent_again(server: Server, pool: ThreadPoolExecutor) -> None:
    """The client has tried it as often as it may help."""
    first, bad = write_behind(server, pool, "bad")
    server.go_on.set()
    first.result(SECONDS)
    with pytest.raises(InvalidError, match="sent 2"):
        bad.result(SECONDS)
    assert server.sent == [{"first": "1"}, {"bad": "1"}]


def test_transaction_waits_for_as_many_as_the_last_one_had_and_left(
    server: Server, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calls that it answered are about to be followed by the next ones; where there are none, it goes without."""
    monkeypatch.setattr(group_commit, "MOST_SECONDS", 2 * SECONDS)
    first, *others = write_behind(server, pool, "a", "b")
    monkeypatch.setattr(group_commit, "PAUSE_SECONDS", (SECONDS, SECONDS))
    server.go_on.set()
    first.result(SECONDS)
    server.writes.commit({"c": "1"})
    for done in others:
        done.result(SECONDS)
    server.writes._pause = 0.01
    pool.submit(server.writes.commit, {"last": "1"}).result(SECONDS)
    assert server.sent == [{"first": "1"}, {"a": "1", "b": "1", "c": "1"}, {"last": "1"}]


def test_first_transaction_waits_for_as_many_as_come(
    server: Server, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A destroy of many sends all at a time; a pause of nobody ends the wait."""
    server.go_on.set()
    monkeypatch.setattr(group_commit, "MOST_SECONDS", 2 * SECONDS)
    server.writes._pause = 0.3
    running = [pool.submit(server.writes.commit, {f"K{number}": "1"}) for number in range(8)]
    for done in running:
        done.result(SECONDS)
    assert [len(values) for values in server.sent] == [8]


def test_turn_is_free_after_an_error(server: Server) -> None:
    """A failure is no reason to wait for ever."""
    server.go_on.set()
    with pytest.raises(InvalidError):
        server.writes.commit({"bad": "1"})
    server.writes.commit({"good": "1"})
    assert server.sent[-1] == {"good": "1"}


def test_one_kind_of_change_waits_for_the_other(server: Server, pool: ThreadPoolExecutor) -> None:
    """A removal overlaps a write as little as another write does."""
    removed: list[str] = []
    removals: GroupCommit[None] = GroupCommit(server.turn, removed.extend)
    writing = pool.submit(server.writes.commit, {"first": "1"})
    assert server.busy.wait(SECONDS)
    removing = pool.submit(removals.commit, {"old": None})
    until(lambda: removals.pending == 1)
    assert not removed
    server.go_on.set()
    writing.result(SECONDS)
    removing.result(SECONDS)
    assert removed == ["old"]
