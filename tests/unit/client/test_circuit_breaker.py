"""What the user is told while requests are tried again, and how long all of them wait together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from scripted_server import Clock, ScriptedServer, Silence, Step, json_answer, reset, trickle
from sending import FINE, GET, PATCH, TOKEN

from influx_secrets import _errors as errors
from influx_secrets._client.circuit_breaker import NOTICE_SECONDS, CircuitBreaker, ThrottledNotices
from influx_secrets._client.client import SecretsClient
from influx_secrets._client.messages import Request
from influx_secrets._client.settings import Settings
from influx_secrets._client.transport import Transport

BUSY = json_answer(503, {"code": "unavailable", "message": "planted"}, retry_after="30")


class Told:
    """A transport in a time of its own, and the lines that its user is told."""

    def __init__(
        self, server: ScriptedServer, *, jitter: float = 1.0, clock: Clock | None = None, **settings: float
    ) -> None:
        self.clock = clock or Clock()
        self.lines: list[str] = []
        chosen = Settings(url=server.url, token=TOKEN, timeout=settings.get("timeout", 5.0), max_attempts=5)
        self.sender = Transport(
            chosen,
            notices=ThrottledNotices(self.lines.append, clock=self.clock),
            breaker=CircuitBreaker(),
            clock=self.clock,
            sleep=self.clock.sleep,
            rng=lambda: jitter,
        )

    def fails(self, request: Request = GET) -> int:
        """Send in vain; return the number of attempts that the error tells."""
        with pytest.raises(errors.InfluxSecretsError) as caught:
            self.sender.send(request)
        return getattr(caught.value, "attempts", 0)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([reset, reset], "the connection was closed before the answer was complete. Trying again in 0.5 s"),
        ([BUSY], 'HTTP 503 ("planted"). Trying again in 30.0 s'),
        # A conflict of a Vault store and a server that is broken: only the message tells them apart.
        (
            [json_answer(500, {"code": "internal error", "message": "check-and-set\nparameter did not match"})],
            'HTTP 500 ("check-and-set parameter did not match"). Trying again in 0.5 s',
        ),
        ([json_answer(503, {"message": "cannot store hunter2-and-more"})], "HTTP 503. Trying again in 0.5 s"),
    ],
    ids=["reset", "asked-for", "quoted", "echo-of-a-secret"],
)
def test_wait_is_told_once_and_says_why_and_how_long_at_most(steps: list[Step], says: str) -> None:
    """One line as the waiting begins: what failed, why, when it is tried again, when it ends."""
    with ScriptedServer(*steps, FINE) as server:
        told = Told(server)
        told.sender.send(replace(GET, sensitive=("hunter2-and-more",)))
    limits = "at most 4 more attempts within 180 s"
    assert told.lines == [f"cannot get the thing yet: {server.url}: {says}, {limits} (IS612)"]


def test_same_status_with_another_message_is_the_same_wait() -> None:
    """A message that counts or names a request does not fill the terminal."""
    steps = [step for number in range(5) for step in (json_answer(503, {"message": f"request {number}"}), FINE)]
    with ScriptedServer(*steps) as server:
        told = Told(server)
        for _ in range(5):
            told.sender.send(GET)
    assert len(told.lines) == 1


def test_wait_is_told_before_it_begins() -> None:
    """Nobody sits before a silent terminal: the line comes first, then the pause."""
    with ScriptedServer(BUSY, FINE) as server:
        order: list[object] = []
        chosen = Settings(url=server.url, token=TOKEN)
        Transport(chosen, notices=ThrottledNotices(order.append), sleep=order.append).send(GET)
    assert [type(item) for item in order] == [str, float]


def test_thousand_requests_that_wait_for_the_same_tell_it_once_a_minute() -> None:
    """The lines do not grow with the number of resources, only with minutes and with reasons."""
    steps = [BUSY, FINE] * 20
    with ScriptedServer(*steps, reset, FINE) as server:
        told = Told(server)
        for _ in range(20):
            told.sender.send(GET)
        assert sum(told.clock.waits) == 600
        assert len(told.lines) == 600 / NOTICE_SECONDS
        told.sender.send(GET)
    assert len(told.lines) == 11


def test_many_threads_tell_one_line() -> None:
    """Four calls of the engine at once are one line too."""
    lines: list[str] = []
    notices = ThrottledNotices(lines.append)
    together = threading.Barrier(4)

    def wait(number: int) -> None:
        together.wait()
        notices.show("HTTP 503", partial("line {}".format, number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(wait, range(4)))
    assert len(lines) == 1


def test_waiting_in_vain_once_is_enough() -> None:
    """After one request used up its attempts, the others have one each; an answer makes patience whole again."""
    with ScriptedServer(*[reset] * 7, FINE, reset, FINE) as server:
        told = Told(server)
        assert [told.fails(), told.fails(), told.fails()] == [5, 1, 1]
        told.sender.send(GET)
        told.sender.send(GET)
        assert len(server.requests) == 10
    assert told.clock.waits == [0.5, 1.0, 2.0, 4.0, 0.5]


def test_answers_to_reads_do_not_make_writes_patient_again() -> None:
    """A server that serves reads and refuses every write is waited for once; a write that arrives ends that."""
    done = json_answer(204, {})
    with ScriptedServer(*[reset] * 5, FINE, reset, FINE, reset, done, reset, done) as server:
        told = Told(server)
        assert told.fails(PATCH) == 5
        told.sender.send(GET)
        assert told.fails(PATCH) == 1
        told.sender.send(GET)
        assert told.fails(PATCH) == 1
        told.sender.send(PATCH)
        told.sender.send(PATCH)
    assert told.clock.waits == [0.5, 1.0, 2.0, 4.0, 0.5]


def test_refusal_is_an_answer() -> None:
    """A server that refuses is there: the next request is as patient as ever."""
    refusal = json_answer(404, {"code": "not found"})
    with ScriptedServer(*[reset] * 5, refusal, reset, FINE) as server:
        told = Told(server)
        assert told.fails() == 5
        told.fails()
        told.sender.send(GET)
    assert len(told.clock.waits) == 5


def test_silent_server_ends_all_waiting_soon() -> None:
    """Real silences, not pauses: one request has five of them, ten others one each."""
    silence = Silence()
    with ScriptedServer(silence) as server:
        told = Told(server, timeout=0.05)
        assert [told.fails() for _ in range(11)] == [5] + [1] * 10
        assert server.count(15) == 15


def test_answer_that_trickles_holds_up_one_request_and_not_each_of_a_thousand() -> None:
    """The first takes all the time there is; those after it about as long as a silence may."""
    clock = Clock()
    lasted = []
    with ScriptedServer(trickle(clock, each=4)) as server:
        told = Told(server, clock=clock)
        for _ in range(3):
            began = clock.now
            assert told.fails() == 1
            lasted.append(clock.now - began)
    assert lasted[0] > 180
    assert max(lasted[1:]) < 150


def test_client_without_pulumi_tells_nobody_and_stays_patient() -> None:
    """`SecretsClient` by itself: each call has all attempts, as its settings say."""
    clock = Clock()
    with ScriptedServer(reset) as server:
        chosen = Settings(url=server.url, token=TOKEN)
        client = SecretsClient._over(Transport(chosen, clock=clock, sleep=clock.sleep))
        for _ in range(2):
            with pytest.raises(errors.NoAnswerError, match=r"\(tried 5 times\)"):
                client.find_org("acme")


def test_line_holds_neither_value_nor_token() -> None:
    """The line names key and org; what was sent, and what the server echoes, stay out."""
    echo = json_answer(503, {"code": "unavailable", "message": f"hunter2-planted {TOKEN}"})
    with ScriptedServer(echo, json_answer(204, {})) as server:
        told = Told(server)
        client = SecretsClient._over(told.sender)
        client.upsert_secrets("0123456789abcdef", {"SLACK": "hunter2-planted"})
    (line,) = told.lines
    assert "SLACK" in line
    assert "hunter2" not in line
    assert TOKEN not in line
