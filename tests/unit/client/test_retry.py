"""What is tried again, after which pause, and when it ends."""

from __future__ import annotations

import email.utils
import logging
import time

import pytest
from scripted_server import Clock, ScriptedServer, Silence, Step, answer, half_closed, json_answer, raw, reset
from sending import FINE, GET, TOKEN, Sender, failing, transport

from influx_secrets import _errors as errors
from influx_secrets._client.messages import Request
from influx_secrets._client.retry import PREVIEW_POLICY
from influx_secrets._client.settings import Settings

HTML = answer(502, "<html>planted</html>", content_type="text/html; charset=utf-8")
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"
CUT_IN_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Le"
CUT_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"

# As influxd 2.9.1 says that its client has hung up, in the body of a request and in its head.
BROKEN_OFF = json_answer(499, {"code": "invalid", "message": "failed to unmarshal json: unexpected EOF"})
UNREAD = raw(
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
)


@pytest.mark.parametrize("method", ["GET", "PATCH", "POST", "DELETE"])
@pytest.mark.parametrize(
    "step",
    [reset, raw(), raw(b"HTTP/1.1"), raw(CUT), raw(CUT_CHUNKED), raw(b"garbage\r\n\r\n"), HTML]
    + [half_closed(), half_closed(CUT), raw(CUT_IN_HEAD), BROKEN_OFF, UNREAD]
    + [json_answer(status, {"code": "internal error"}) for status in (429, 500, 502, 503, 504)],
)
def test_retry_failure_that_may_heal_is_tried_again(method: str, step: Step) -> None:
    """Broken connections, cut answers, 429 and 5xx are tried again, whatever the method, and the answer is used."""
    clock = Clock()
    request = Request(method=method, path="/thing", intent="do", body=b"{}")
    with ScriptedServer(step, step, FINE) as server, transport(server.url, clock) as sender:
        assert sender.send(request).status == 200
        assert [seen.body for seen in server.requests] == [b"{}"] * 3
    assert clock.waits == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 422, 501])
def test_retry_refusal_is_not_tried_again(status: int) -> None:
    """What the server will refuse again is asked once."""
    with (
        ScriptedServer(json_answer(status, {"code": "invalid"}, retry_after="1")) as server,
        transport(server.url) as sender,
    ):
        with pytest.raises(errors.APIError) as caught:
            sender.send(GET)
        assert len(server.requests) == 1
    assert "tried" not in str(caught.value)


def test_retry_request_broken_off_in_vain_is_one_clear_error() -> None:
    """The status and code that the server gave would lead astray: nothing was wrong with the request."""
    with pytest.raises(errors.NoAnswerError, match=r"\(tried 5 times\): the server got only a part of the request"):
        raise failing(BROKEN_OFF)


@pytest.mark.parametrize(("jitter", "waits"), [(1.0, [0.5, 1.0, 2.0, 4.0]), (0.0, [0.25, 0.5, 1.0, 2.0])])
def test_retry_pauses_grow_twofold_with_jitter(jitter: float, waits: list[float]) -> None:
    """Five attempts by default, with four pauses between half and the whole of 0.5, 1, 2 and 4 seconds."""
    clock = Clock()
    with ScriptedServer(reset) as server, transport(server.url, clock, jitter=jitter) as sender:
        with pytest.raises(errors.NoAnswerError, match=r"\(tried 5 times\)") as caught:
            sender.send(GET)
        assert len(server.requests) == 5
    assert clock.waits == waits
    assert caught.value.attempts == 5


def test_retry_pauses_end_at_eight_seconds_and_the_whole_at_three_minutes() -> None:
    """With many attempts allowed the pauses stop growing, and the total time decides."""
    clock = Clock()
    error = failing(reset, clock=clock, max_attempts=1000)
    assert isinstance(error, errors.NoAnswerError)
    assert clock.waits[:6] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert set(clock.waits[4:]) == {8.0}
    assert 172 <= sum(clock.waits) < 180
    assert error.attempts == len(clock.waits) + 1


def test_retry_one_attempt_allowed_never_waits() -> None:
    """`max_attempts` includes the first."""
    clock = Clock()
    error = failing(json_answer(503, {}), clock=clock, max_attempts=1)
    assert isinstance(error, errors.UnavailableError)
    assert clock.waits == []


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("7", [7.0]),
        (" 120 ", [120.0]),
        ("0", [0.0]),
        ("Thu, 01 Jan 1970 00:00:00 GMT", [0.0]),
        ("-1", [0.5]),
        ("soon", [0.5]),
        ("", [0.5]),
        ("121", None),
        ("9" * 400, None),
        ("Sat, 31 Dec 2101 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_followed_up_to_two_minutes(status: int, asked: str, waits: list[float] | None) -> None:
    """Seconds and dates are followed, nonsense ignored; more than 120 seconds end the attempts at once."""
    clock = Clock()
    busy = json_answer(status, {}, retry_after=asked)
    with ScriptedServer(busy, FINE) as server, transport(server.url, clock) as sender:
        if waits is None:
            with pytest.raises((errors.RateLimitedError, errors.UnavailableError)):
                sender.send(GET)
        else:
            sender.send(GET)
        assert len(server.requests) == (1 if waits is None else 2)
    assert clock.waits == (waits or [])


def test_retry_after_as_a_date_to_come_is_followed() -> None:
    """A date half a minute ahead is a pause of about half a minute."""
    clock = Clock()
    ahead = email.utils.formatdate(time.time() + 30, usegmt=True)
    with ScriptedServer(json_answer(503, {}, retry_after=ahead), FINE) as server:
        transport(server.url, clock).send(GET)
    assert 28 <= clock.waits[0] <= 30


def test_retry_after_beyond_the_total_time_is_not_begun() -> None:
    """Two pauses of 100 seconds do not fit into three minutes: the second is not waited."""
    clock = Clock()
    error = failing(json_answer(503, {}, retry_after="100"), clock=clock)
    assert isinstance(error, errors.UnavailableError)
    assert clock.waits == [100.0]


def test_retry_is_told_at_level_info(caplog: pytest.LogCaptureFixture) -> None:
    """Each pause is one line of the logger "influx_secrets": what failed, why, how long; nothing at WARNING."""
    with caplog.at_level(logging.INFO, "influx_secrets"):
        failing(reset, json_answer(503, {}), json_answer(400, {}))
    first, second = [r.getMessage() for r in caplog.records if r.name == "influx_secrets"]
    assert first.startswith("attempt 1 of 5 to get the thing failed: http://127.0.0.1:")
    assert first.endswith(": the connection was closed before the answer was complete; trying again in 0.5 s")
    assert second.endswith(": HTTP 503; trying again in 1.0 s")
    assert not [r for r in caplog.records if r.levelno > logging.INFO]


def test_preview_policy_makes_one_attempt() -> None:
    """A preview does not retry; the transport it came from still does."""
    clock = Clock()
    with ScriptedServer(reset, reset, FINE) as server, transport(server.url, clock) as sender:
        with pytest.raises(errors.NoAnswerError) as caught:
            sender.send(GET, PREVIEW_POLICY)
        assert caught.value.attempts == 1
        sender.send(GET)
    assert clock.waits == [0.5]


def test_preview_policy_waits_three_seconds_in_all() -> None:
    """Three seconds, connecting and reading together, whatever longer timeout is set: 2.7 have passed here."""
    times = iter([0.0, 2.7])
    with ScriptedServer(Silence()) as server:
        chosen = Settings(url=server.url, token=TOKEN, timeout=60.0)
        sender = Sender(chosen, clock=lambda: next(times, 3.0))
        started = time.monotonic()
        with sender, pytest.raises(errors.NoAnswerError, match=r"no answer within 0\.3 s\. It is safe"):
            sender.send(GET, PREVIEW_POLICY)
    assert 0.3 <= time.monotonic() - started < 2.5
