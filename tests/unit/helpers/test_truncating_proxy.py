"""The helper that breaks messages at the very byte: what each side gets, and which directions stay open."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from engine.truncating_proxy import Place, TruncatingProxy, Truncation, is_whole

REQUEST = b"PATCH /thing HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nbody"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer"
PARTS: dict[Place, int] = {"head": 28, "last byte": len(REQUEST) - 1, "end": len(REQUEST)}


class Target:
    """A server that answers whatever it got, once that ends or is whole, and keeps it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.got: list[bytes] = []
        self._last: object = None

    def __enter__(self) -> Target:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        # Behind all that were there before, which are served first.
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            self._last = last.getsockname()
            last.connect(self._listener.getsockname())
            self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, peer = self._listener.accept()
            with connection:
                if peer == self._last:
                    return
                self.got.append(b"")
                while not is_whole(self.got[-1]) and (piece := connection.recv(100)):
                    self.got[-1] += piece
                try:
                    connection.sendall(ANSWER)
                except OSError:  # nobody waits for it
                    continue


@contextmanager
def broken(how: Truncation, *, once: bool = False, first: int = 0) -> Iterator[tuple[Target, TruncatingProxy]]:
    with Target() as target, TruncatingProxy(target.url) as proxy:
        proxy.begin(how, once=once, first=first)
        yield target, proxy


def ask(proxy: TruncatingProxy) -> bytes:
    """Return all that comes for a request, over a connection of its own."""
    with socket.create_connection(("127.0.0.1", int(proxy.url.rpartition(":")[2]))) as connection:
        connection.sendall(REQUEST)
        got = b""
        while not is_whole(got) and (piece := connection.recv(100)):
            got += piece
        return got


@pytest.mark.parametrize("place", PARTS)
def test_request_half_closed_is_answered_all_the_same(place: Place) -> None:
    """The server sees the end of the request, and its answer comes through."""
    with broken(Truncation("upstream", place, half=True)) as (target, proxy):
        assert ask(proxy) == ANSWER
    assert target.got == [REQUEST[: PARTS[place]]]


def test_request_cut_is_not_answered() -> None:
    """Both directions end."""
    with broken(Truncation("upstream", "last byte")) as (target, proxy):
        assert ask(proxy) == b""
    assert target.got == [REQUEST[:-1]]


@pytest.mark.parametrize(("place", "comes"), [("start", b""), ("head", ANSWER[:19]), ("last byte", ANSWER[:-1])])
def test_answer_half_closed_leaves_the_way_to_the_server_open(place: Place, comes: bytes) -> None:
    """The client reads the end, while the server has got the whole request."""
    with broken(Truncation("downstream", place, half=True)) as (target, proxy):
        assert ask(proxy) == comes
    assert target.got == [REQUEST]


def test_break_once_lets_the_same_request_pass_when_it_comes_again() -> None:
    """Whatever came before."""
    with broken(Truncation("downstream", "last byte"), once=True) as (_, proxy):
        assert [ask(proxy), ask(proxy)] == [ANSWER[:-1], ANSWER]
        assert proxy.broken == 1


def test_break_from_one_request_on_lets_those_before_pass_and_none_after() -> None:
    """Until it ends."""
    with broken(Truncation("downstream", "last byte"), first=1) as (_, proxy):
        assert [ask(proxy) for _ in range(3)] == [ANSWER, ANSWER[:-1], ANSWER[:-1]]
        proxy.end()
        assert ask(proxy) == ANSWER


@pytest.mark.parametrize(
    ("message", "whole"),
    [
        (b"GET / HTTP/1.1\r\nHost: here\r\n\r", False),
        (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", True),
        (REQUEST[:-1], False),
        (REQUEST, True),
        (b"HTTP/1.1 204 No Content\r\nVary: x\r\n\r\n", True),
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400", False),  # ends with its connection
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\r\n0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
    ],
)
def test_message_is_whole_when_its_framing_says_so(message: bytes, whole: bool) -> None:  # noqa: FBT001 (what is expected)
    """By length, by chunks, by its status, or by the end of the connection."""
    assert is_whole(message) is whole
