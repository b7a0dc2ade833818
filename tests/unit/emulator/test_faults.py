"""Scripted faults: each does to a request what it says, and no more; the log tells which one it was."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from influx_secrets.emulator import Cut, Delay, Drip, Effect, Emulator, Fault, Page, Reset, Status, parse_fault

VALUE = "planted-value-51c2"


def send(emulator: Emulator, method: str = "PATCH", **options: Any) -> requests.Response:  # noqa: ANN401 (of requests)
    url = f"{emulator.url}/api/v2/orgs/{emulator.org_id('acme')}/secrets"
    headers = {"Authorization": f"Token {emulator.token}"}
    body = {"k": VALUE} if method == "PATCH" else None
    return requests.request(method, url, headers=headers, json=body, timeout=10, **options)


def raw(emulator: Emulator, method: str = "GET") -> bytes:
    """Return all bytes of an answer."""
    parts = urlsplit(emulator.url)
    request = (
        f"{method} /api/v2/orgs/{emulator.org_id('acme')}/secrets HTTP/1.1\r\nHost: test\r\n"
        f"Authorization: Token {emulator.token}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
    )
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as connection:
        connection.sendall(request.encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("acted", [False, True])
def test_status_answers_with_an_error_of_the_api(emulator: Emulator, acted: bool) -> None:  # noqa: FBT001 (a parameter)
    """Code, message and Retry-After as wanted; what was asked is done only with `acted`."""
    emulator.inject(Fault(Status(503, retry_after=7, message="too busy", acted=acted)))
    refused = send(emulator)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "7")
    assert refused.json() == {"code": "unavailable", "message": "too busy"}
    assert refused.headers["X-Platform-Error-Code"] == "unavailable"
    assert refused.headers["X-Influxdb-Build"] == "OSS"
    assert emulator.secrets("acme") == ({"k": VALUE} if acted else {})
    assert [(one.status, one.fault, one.wrote, one.keys) for one in emulator.requests] == [
        (503, "Status", acted, ("k",) if acted else ())
    ]
    assert send(emulator).status_code == 204
    assert emulator.requests[-1].fault == ""


@pytest.mark.parametrize(("status", "code"), [(500, "internal error"), (418, "invalid"), (429, "too many requests")])
def test_status_has_the_code_of_the_api(emulator: Emulator, status: int, code: str) -> None:
    """Each status with the code that the server has for it; without Retry-After where none is wanted."""
    emulator.inject(Fault(Status(status)))
    refused = send(emulator)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert "Retry-After" not in refused.headers


def test_page_is_html(emulator: Emulator) -> None:
    """As a proxy answers, without the headers of the server."""
    emulator.inject(Fault(Page()))
    page = send(emulator)
    assert (page.status_code, page.headers["Content-Type"]) == (502, "text/html")
    assert "502 Bad Gateway" in page.text
    assert "X-Influxdb-Build" not in page.headers
    assert emulator.secrets("acme") == {}


def test_status_is_of_the_emulated_version() -> None:
    """A fault that the server itself answers names the version, as every other answer does."""
    with Emulator(version="2.6.1", faults=[Fault(Status(503))]) as old:
        versions = [requests.get(f"{old.url}/ping", timeout=5).headers["X-Influxdb-Version"] for _ in range(2)]
    assert versions == ["v2.6.1", "v2.6.1"]


@pytest.mark.parametrize("acted", [False, True])
def test_reset_breaks_the_connection(emulator: Emulator, acted: bool) -> None:  # noqa: FBT001 (a parameter)
    """Before or after acting; the client sees a reset, not an end."""
    emulator.inject(Fault(Reset(acted=acted)))
    with pytest.raises(ConnectionResetError):
        raw(emulator, "PATCH")
    assert [(one.status, one.fault, one.wrote) for one in emulator.requests] == [(0, "Reset", acted)]
    emulator.inject(Fault(Reset(acted=acted)))
    with pytest.raises(requests.ConnectionError):
        send(emulator)
    assert emulator.secrets("acme") == ({"k": VALUE} if acted else {})


@pytest.mark.parametrize("acted", [False, True])
def test_delay_lets_the_client_give_up(emulator: Emulator, acted: bool) -> None:  # noqa: FBT001 (a parameter)
    """A client that does not wait sees no answer, whether the server has acted or not."""
    emulator.inject(Fault(Delay(600, acted=acted)))
    url = f"{emulator.url}/api/v2/orgs/{emulator.org_id('acme')}/secrets"
    headers = {"Authorization": f"Token {emulator.token}"}
    with pytest.raises(requests.Timeout):
        requests.patch(url, json={"k": VALUE}, headers=headers, timeout=1)
    assert emulator.secrets("acme") == ({"k": VALUE} if acted else {})


def test_delay_that_is_over_answers_as_ever(emulator: Emulator) -> None:
    """A client that waits is served."""
    emulator.inject(Fault(Delay(0.01)), Fault(Delay(0.01, acted=True), nth=2))
    assert [send(emulator).status_code, send(emulator).status_code] == [204, 204]
    assert [one.fault for one in emulator.requests] == ["Delay", "Delay"]


def test_delay_holds_up_only_its_own_request(emulator: Emulator) -> None:
    """However many wait, others are answered; and the end of the server waits for none of them."""
    emulator.inject(Fault(Delay(600), method="PATCH", times=None))

    def wait() -> None:
        with contextlib.suppress(requests.ConnectionError):
            send(emulator)

    waiting = [threading.Thread(target=wait) for _ in range(40)]
    for thread in waiting:
        thread.start()
    assert send(emulator, "GET").json()["secrets"] == []
    emulator.stop()
    for thread in waiting:
        thread.join()
    emulator.start()
    assert emulator.secrets("acme") == {}


def test_cut_ends_in_the_middle_of_the_body(emulator: Emulator) -> None:
    """The length is announced, and less comes."""
    emulator.inject(Fault(Cut()))
    head, _, body = raw(emulator).partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
    assert 0 < len(body) < length


def test_cut_of_an_answer_without_body_ends_in_its_head(emulator: Emulator) -> None:
    """The server has acted, and the client cannot know."""
    emulator.inject(Fault(Cut(), method="PATCH"))
    assert b"\r\n\r\n" not in raw(emulator, "PATCH")
    emulator.inject(Fault(Cut(), method="PATCH"))
    with pytest.raises(requests.ConnectionError):
        send(emulator)
    assert emulator.secrets("acme") == {"k": VALUE}


def test_drip_sends_the_whole_answer_in_drops(emulator: Emulator) -> None:
    """Nothing is missing in the end."""
    emulator.put_secret("acme", "k", VALUE)
    emulator.inject(Fault(Drip(0.0005)))
    assert send(emulator, "GET").json()["secrets"] == ["k"]


def test_drip_ends_with_its_client(emulator: Emulator) -> None:
    """A client that goes away, and a server that stops, end it."""
    emulator.inject(Fault(Drip(0.01), times=None))
    with requests.Session() as session:
        send_url = f"{emulator.url}/health"
        with pytest.raises(requests.Timeout):
            session.get(send_url, timeout=0.005)
    emulator.stop()


@pytest.mark.parametrize(
    ("fault", "hit"),
    [
        (Fault(Status()), [True, False, False, False]),
        (Fault(Status(), times=2), [True, True, False, False]),
        (Fault(Status(), nth=2, times=2), [False, True, True, False]),
        (Fault(Status(), nth=3, times=None), [False, False, True, True]),
        (Fault(Status(), method="DELETE"), [False, False, False, False]),
        (Fault(Status(), path="*/secrets", nth=4), [False, False, False, True]),
        (Fault(Status(), path="*/delete", times=None), [False, False, False, False]),
    ],
)
def test_fault_hits_the_requests_that_it_names(emulator: Emulator, fault: Fault, hit: list[bool]) -> None:
    """By method, path, place in the row and number; a request that does not fit does not count."""
    emulator.inject(fault)
    seen = []
    for _ in hit:
        requests.get(f"{emulator.url}/api/v2/nothing?secrets", timeout=5) if fault.path else None
        seen.append(send(emulator, "GET").status_code == 503)
    assert seen == hit


def test_faults_that_fit_the_same_request_take_turns(emulator: Emulator) -> None:
    """The first that is due happens; each counts all requests that fit it."""
    emulator.inject(Fault(Status(503), times=2), Fault(Status(500), nth=3))
    assert len(emulator.faults) == 2
    assert [send(emulator).status_code for _ in range(4)] == [503, 503, 500, 204]
    assert not emulator.faults


def test_faults_given_at_the_start_and_cleared() -> None:
    """What is left to happen can be asserted, and forgotten."""
    never = Fault(Reset(), method="PUT")
    with Emulator(faults=[never]) as emulator:
        assert list(emulator.faults) == [never]
        emulator.clear_faults()
        assert list(emulator.faults) == []
        emulator.inject(Fault(Reset()))
        emulator.reset()
        assert send(emulator).status_code == 204


def test_request_of_before_a_reset_does_not_act_after_it(tmp_path: Path) -> None:
    """What one test has left under way changes nothing for the next, not in an org of the same id, not in the file."""
    orgs = {"acme": "0123456789abcdef"}
    with Emulator(orgs, file=tmp_path / "state.json", faults=[Fault(Delay(0.5))]) as emulator:
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(send, emulator)
            while emulator.faults:
                time.sleep(0.01)
            emulator.reset(orgs)
            emulator.put_secret("acme", "mine", VALUE)
            assert late.result().status_code == 204
        assert emulator.secrets("acme") == {"mine": VALUE}
        assert emulator.requests == ()
    assert Emulator(orgs, file=tmp_path / "state.json").secrets("acme") == {"mine": VALUE}


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("status=503", Fault(Status(503))),
        (
            "status=503 retry-after=1 method=PATCH path=*/secrets nth=2 times=3",
            Fault(Status(503, retry_after="1"), method="PATCH", path="*/secrets", nth=2, times=3),
        ),
        ("status=500 acted times=always", Fault(Status(500, acted=True), times=None)),
        ("page", Fault(Page())),
        ("page=504 acted", Fault(Page(504, acted=True))),
        ("reset", Fault(Reset())),
        ("reset acted", Fault(Reset(acted=True))),
        ("delay=2.5", Fault(Delay(2.5))),
        ("cut path='/a b'", Fault(Cut(), path="/a b")),
        ("drip", Fault(Drip())),
        ("drip=0.2", Fault(Drip(0.2))),
    ],
)
def test_fault_in_words_is_the_same_as_in_code(words: str, fault: Fault) -> None:
    """Every field can be said on a command line."""
    assert parse_fault(words) == fault


@pytest.mark.parametrize(
    "words",
    [
        "",
        "explode",
        "status",
        "status=x",
        "status=99",
        "status=200",
        "delay",
        "reset times=0",
        "reset nth=x",
        "cut when=now",
        "cut acted",
        "drip acted",
        "reset retry-after=5",
        "page retry-after=5",
        "reset=5",
        "cut=1",
        "reset acted=no",
        "reset method",
        "reset times=2 times=5",
        "delay=-1",
        "delay=inf",
        "drip=nan",
        "drip=-0.1",
        "reset method=patch",
        "reset method=PATCHES",
        "reset path=",
        "'",
    ],
)
def test_fault_in_wrong_words_is_refused(words: str) -> None:
    """In one line that says what was read."""
    with pytest.raises(ValueError, match=r".+") as caught:
        parse_fault(words)
    assert str(caught.value).startswith(f"the fault {words!r} cannot be: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("effect", [Status(), Page(), Reset(), Delay(1), Cut(), Drip()])
def test_fault_is_a_frozen_value(effect: Effect) -> None:
    """It can be shared by tests, and be looked for in a list."""
    assert {Fault(effect): 1}[Fault(effect)] == 1
