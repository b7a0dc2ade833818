"""No answer: silence, broken connections, hosts and proxies that are not there."""

from __future__ import annotations

import socket
import time

import pytest
from scripted_server import Clock, ScriptedServer, Silence, Step, answer, trickle
from sending import GET, PATCH, TOKEN, Sender, failing, transport

from influx_secrets import _errors as errors
from influx_secrets._client.network_errors import classify
from influx_secrets._client.retry import Policy
from influx_secrets._client.settings import Settings

SLOW = "It is safe to run the command again. If the server is slow, raise the setting timeout (IS415)"


def test_no_answer_silence_ends_after_the_timeout() -> None:
    """A server that says nothing: `NoAnswerError`, as it may have acted."""
    started = time.monotonic()
    error = failing(Silence(), timeout=0.2, max_attempts=2, request=PATCH)
    assert isinstance(error, errors.NoAnswerError)
    assert (error.method, error.path, error.attempts) == ("PATCH", "/thing", 2)
    assert str(error).endswith(f"(tried 2 times): no answer within 0.2 s. {SLOW}")
    assert 0.4 <= time.monotonic() - started < 10


def test_no_answer_body_that_trickles_ends_at_the_deadline() -> None:
    """Bytes that keep coming do not stretch the total time."""
    clock = Clock()
    with ScriptedServer(trickle(clock, each=10)) as server, transport(server.url, clock) as sender:
        with pytest.raises(errors.NoAnswerError, match="the answer came too slowly"):
            sender.send(GET)
        assert len(server.requests) == 1


def in_drops(data: bytes, *, seconds: float) -> Step:
    """These bytes one by one, a pause behind each, until the client has enough of it."""

    def step(connection: socket.socket) -> bool:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(seconds)
        return False

    return step


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("at_once", "drops"),
    [
        (b"", HEAD + b"X-Slow: " + b"x" * 500),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 20),
        (CHUNKED, b"2;" + b"x" * 500),
        (CHUNKED, b"0\r\n" + b"X-Trailer: slow\r\n" * 30),
    ],
    ids=["head", "100-continue", "chunk-size", "trailer"],
)
def test_no_answer_that_comes_in_drops_ends_after_the_timeout(at_once: bytes, drops: bytes) -> None:
    """What is of no use before it is whole takes the timeout once, and not for each byte."""
    started = time.monotonic()

    def step(connection: socket.socket) -> bool:
        connection.sendall(at_once)
        return in_drops(drops, seconds=0.02)(connection)

    error = failing(step, timeout=0.4, max_attempts=2)
    assert isinstance(error, errors.NoAnswerError)
    assert str(error).endswith(f"(tried 2 times): no answer within 0.4 s. {SLOW}")
    assert 0.8 <= time.monotonic() - started < 10


def test_no_answer_that_never_pauses_ends_after_the_timeout() -> None:
    """There is always something to read, and nothing comes of it."""

    def step(connection: socket.socket) -> bool:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)

    started = time.monotonic()
    error = failing(step, timeout=0.3, max_attempts=1)
    assert str(error).endswith(f"no answer within 0.3 s. {SLOW}")
    assert 0.3 <= time.monotonic() - started < 10


def test_no_answer_that_never_unpacks_to_anything_ends() -> None:
    """A file name without end, in the header of gzip: each byte is a piece, and none brings the body on."""
    name = b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 500

    def step(connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n")
        return in_drops(name, seconds=0.02)(connection)

    started = time.monotonic()
    with (
        ScriptedServer(step) as server,
        Sender(Settings(url=server.url, token=TOKEN, timeout=0.4)) as sender,
        pytest.raises(errors.NoAnswerError, match="the answer came too slowly"),
    ):
        sender.send(GET, Policy(max_attempts=1, total=0.6))
    assert 0.6 <= time.monotonic() - started < 8


def test_answer_in_drops_that_ends_in_time_is_taken() -> None:
    """Slow is no failure: each piece of a body has the whole timeout."""
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in b'{"links": {}}')

    def step(connection: socket.socket) -> bool:
        connection.sendall(CHUNKED)
        return in_drops(pieces + b"0\r\n\r\n", seconds=0.02)(connection)

    with ScriptedServer(step) as server, transport(server.url, settings={"timeout": 0.8}) as sender:
        assert sender.send(GET).body == b'{"links": {}}'


def test_no_answer_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the limit is not kept in memory; the limit is lowered here, not to send 256 MiB."""
    monkeypatch.setattr("influx_secrets._client.transport.MAX_ANSWER_BYTES", 1000)
    error = failing(answer(200, b"x" * 1001))
    assert isinstance(error, errors.NoAnswerError)
    assert str(error).endswith("exceeds 1,000 bytes, more than InfluxDB sends. Check the url and proxies (IS416)")


def test_no_answer_broken_compression_is_tried_again() -> None:
    """A body that cannot be decompressed is no answer."""
    error = failing(answer(200, b"no gzip", content_encoding="gzip"), max_attempts=2)
    assert isinstance(error, errors.NoAnswerError)
    assert "the answer is not valid gzip" in str(error)


def test_not_sent_refused_connection_says_so() -> None:
    """Nobody listens: the server did not see it, and the line says to start it."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    clock = Clock()
    with pytest.raises(errors.NotSentError, match=r"the connection was refused\. Start InfluxDB") as caught:
        transport(f"http://127.0.0.1:{port}", clock).send(GET)
    assert caught.value.attempts == 5
    assert clock.waits == [0.5, 1.0, 2.0, 4.0]


def test_not_sent_unknown_host_says_so() -> None:
    """A name that cannot be resolved is named as the problem."""
    with pytest.raises(errors.NotSentError, match=r"the host name cannot be resolved\. Check the url"):
        transport("https://nothing.invalid", settings={"max_attempts": 1}).send(GET)


def test_not_sent_unreachable_address_tells_the_reason() -> None:
    """Other failures to connect show what the system calls them."""
    with pytest.raises(errors.NotSentError, match=r"no connection could be made \([A-Z][a-z ]+\)\. Check the url"):
        transport("https://255.255.255.255", settings={"max_attempts": 1}).send(GET)


def test_not_sent_connection_that_hangs_ends_after_the_timeout() -> None:
    """A full backlog, as behind a firewall that drops packets, ends after the timeout."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        # Fill the backlog, so that the next connection is neither accepted nor refused.
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(address)
        sender = transport(f"http://127.0.0.1:{address[1]}", settings={"timeout": 0.3, "max_attempts": 1})
        with pytest.raises(errors.NotSentError, match=r"no connection within 0\.3 s\. Check"):
            sender.send(GET)
        for one in waiting:
            one.close()


@pytest.mark.parametrize("url", ["https://" + "a" * 64 + ".example", "https://a..b", "https://*.x"])
def test_not_sent_impossible_host_is_a_settings_error(url: str) -> None:
    """A host that no resolver takes is found before any attempt."""
    clock = Clock()
    with pytest.raises((errors.SettingsError, errors.NotSentError)) as caught:
        transport(url, clock, settings={"max_attempts": 1}).send(GET)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("timeout", "left", "says"),
    [
        (1200.0, 5000.0, "no answer within 1200 s. It is safe to run the command again. If the server is slow, raise"),
        (10.0, 3.0, "no answer within 3 s. It is safe to run the command again. If the error stays, check the url"),
    ],
)
def test_limit_is_said_and_can_be_raised_where_it_is_the_setting(timeout: float, left: float, says: str) -> None:
    """A preview has three seconds in all, whatever the setting."""
    assert classify(TimeoutError(), "https://influx.example.com", timeout, left).text.startswith(says)
