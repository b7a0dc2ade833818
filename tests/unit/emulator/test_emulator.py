"""The emulator as its users meet it: the Python API, the socket, the file. Its answers are tested in conformance/."""

from __future__ import annotations

import gc
import socket
import threading
from urllib.parse import urlsplit

import pytest
import requests
from asking import secrets_url
from until import until

from influx_secrets.emulator import Answer, Emulator

VALUE = "planted-value-7f3a"


def emulator_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "influx_secrets emulator"]


def connected(emulator: Emulator) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(emulator.url).port or 0), timeout=10)


def test_emulator_new_has_its_orgs_a_token_and_a_loopback_url() -> None:
    """Started without arguments: one org, a random token, an address of this machine."""
    with Emulator() as first, Emulator(("beta", "gamma")) as second:
        assert list(first.orgs) == ["acme"]
        assert set(second.orgs) == {"beta", "gamma"}
        assert first.url.startswith("http://127.0.0.1:")
        assert len(first.token) >= 40
        assert first.token != second.token
        assert all(len(org_id) == 16 and int(org_id, 16) for org_id in second.orgs.values())


def test_emulator_environment_names_url_and_token(emulator: Emulator) -> None:
    """What a program has to be started with."""
    assert emulator.environment == {"INFLUX_HOST": emulator.url, "INFLUX_TOKEN": emulator.token}


def test_emulator_given_ids_and_token_has_those() -> None:
    """A mapping fixes the ids of the orgs."""
    with Emulator({"acme": "00000000000000aa"}, token="mine") as emulator:
        assert emulator.org_id("acme") == "00000000000000aa"
        response = requests.get(secrets_url(emulator), headers={"Authorization": "Token mine"}, timeout=5)
        assert response.status_code == 200


def test_emulator_repr_shows_neither_token_nor_values(emulator: Emulator) -> None:
    """A repr may end in a log."""
    emulator.put_secret("acme", "k", VALUE)
    assert emulator.token not in repr(emulator)
    assert VALUE not in repr(emulator)
    assert emulator.url in repr(emulator)


def test_stop_ends_what_is_being_accepted_and_what_nobody_reads(emulator: Emulator) -> None:
    """Else Python warns of it, in whatever test runs by then."""
    for n in range(300):
        emulator.put_secret("acme", f"{n:030000}", VALUE)
    head = f"GET /api/v2/orgs/{emulator.org_id('acme')}/secrets HTTP/1.1\r\nHost: localhost\r\n"
    with connected(emulator) as reads_nothing:
        reads_nothing.sendall(f"{head}Authorization: Token {emulator.token}\r\n\r\n".encode())
        until(lambda: len(emulator.requests) == 1)
        emulator.stop()
    for _ in range(20):
        emulator.start()
        with connected(emulator), connected(emulator), connected(emulator):
            emulator.stop()
    gc.collect()


def test_reset_begins_anew_under_the_same_address(emulator: Emulator, session: requests.Session) -> None:
    """Orgs, secrets, tokens and the record are new ones; address and operator token stay."""
    token, url, before = emulator.create_token("acme"), emulator.url, emulator.org_id("acme")
    session.patch(secrets_url(emulator), json={"a": VALUE}, timeout=5)
    emulator.reset(("acme", "beta"))
    assert (set(emulator.orgs), emulator.url, emulator.requests) == ({"acme", "beta"}, url, ())
    assert emulator.org_id("acme") != before
    assert emulator.secrets("acme") == {}
    assert session.get(secrets_url(emulator), timeout=5).status_code == 200
    assert (
        requests.get(secrets_url(emulator), headers={"Authorization": f"Token {token}"}, timeout=5).status_code == 401
    )
    emulator.reset({"acme": "00000000000000aa"})
    assert emulator.orgs == {"acme": "00000000000000aa"}


def test_outside_writers_change_secrets_without_a_request(emulator: Emulator, session: requests.Session) -> None:
    """Drift is made by hand: the API sees it, the record does not."""
    emulator.put_secret("acme", "a", "1")
    emulator.put_secret("acme", "b", "2")
    emulator.remove_secret("acme", "a")
    emulator.remove_secret("acme", "not there")
    assert emulator.requests == ()
    assert emulator.secrets("acme") == {"b": "2"}
    assert session.get(secrets_url(emulator), timeout=5).json()["secrets"] == ["b"]


def test_put_secret_key_too_large_is_refused(emulator: Emulator) -> None:
    """The limit holds for outside writers too."""
    with pytest.raises(ValueError, match="too large"):
        emulator.put_secret("acme", "k" * 32_753, "v")


def test_secrets_returns_a_copy(emulator: Emulator) -> None:
    """What a test does with the result does not reach the server."""
    emulator.secrets("acme")["k"] = "v"
    assert emulator.secrets("acme") == {}


def test_unknown_org_and_token_are_key_errors(emulator: Emulator) -> None:
    """A mistake in a test is told at once; the token is not repeated."""
    with pytest.raises(KeyError, match="nobody"):
        emulator.secrets("nobody")
    with pytest.raises(KeyError) as caught:
        emulator.revoke_token("some-token")
    assert "some-token" not in str(caught.value)


def test_create_org_twice_is_refused(emulator: Emulator) -> None:
    """Names are unique, as on the real server."""
    with pytest.raises(ValueError, match="already exists"):
        emulator.create_org("acme")


def test_delete_org_takes_its_secrets_along(emulator: Emulator) -> None:
    """An org made anew under the same name is another one, which a token of the first does not see."""
    emulator.put_secret("acme", "k", "v")
    token, before = emulator.create_token("acme"), emulator.org_id("acme")
    emulator.delete_org("acme")
    assert emulator.create_org("acme") != before
    assert emulator.secrets("acme") == {}
    response = requests.get(secrets_url(emulator), headers={"Authorization": f"Token {token}"}, timeout=5)
    assert response.status_code == 404


def test_stop_and_start_keeps_port_and_state(emulator: Emulator) -> None:
    """An outage: nobody listens, then everything is as before."""
    emulator.put_secret("acme", "k", "v")
    requests.get(f"{emulator.url}/health", timeout=5)
    url = emulator.url
    emulator.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/health", timeout=5)
    emulator.start()
    assert emulator.url == url
    assert requests.get(f"{url}/health", timeout=5).status_code == 200
    assert emulator.secrets("acme") == {"k": "v"}
    assert emulator.connections == 2


def test_stop_with_an_idle_connection_does_not_wait(emulator: Emulator, session: requests.Session) -> None:
    """A client that keeps its connection open does not hold the server up, and starting twice is harmless."""
    session.get(secrets_url(emulator), timeout=5)
    running = emulator_threads()
    emulator.start()
    emulator.stop()
    emulator.stop()
    assert len(emulator_threads()) == len(running) - 1


def test_start_on_a_port_in_use_is_an_os_error(emulator: Emulator) -> None:
    """The error is raised where it can be caught, and no thread is left."""
    port = int(emulator.url.rpartition(":")[2])
    running = emulator_threads()
    with pytest.raises(OSError, match="address already in use"):
        Emulator(port=port).start()
    assert emulator_threads() == running


def test_start_at_a_port_that_does_not_exist_fails_at_once() -> None:
    """An error that no thread waits for would leave `start` waiting for ever."""
    running = emulator_threads()
    with pytest.raises(OverflowError, match="0-65535"):
        Emulator(port=70_000).start()
    assert emulator_threads() == running


def test_before_may_delay_and_replace_answers() -> None:
    """A hook sees each request first; with an answer of its own the API is not asked."""
    seen: list[tuple[str, str]] = []

    def before(method: str, path: str) -> Answer | None:
        seen.append((method, path))
        return Answer(503, b"busy", {"Retry-After": "1"}) if method == "PATCH" else None

    with Emulator(before=before) as emulator:
        headers = {"Authorization": f"Token {emulator.token}"}
        refused = requests.patch(secrets_url(emulator), json={"k": "v"}, headers=headers, timeout=5)
        assert (refused.status_code, refused.text, refused.headers["Retry-After"]) == (503, "busy", "1")
        assert emulator.secrets("acme") == {}
        assert requests.get(secrets_url(emulator), headers=headers, timeout=5).status_code == 200
        assert [method for method, _ in seen] == ["PATCH", "GET"]
        assert [request.status for request in emulator.requests] == [503, 200]


def test_before_that_blocks_holds_up_only_its_own_request() -> None:
    """Other requests are answered while one waits."""
    release = threading.Event()

    def before(method: str, _: str) -> None:
        if method == "PATCH":
            release.wait(10)

    with Emulator(before=before) as emulator:
        headers = {"Authorization": f"Token {emulator.token}"}
        arguments = {"json": {"k": "v"}, "headers": headers, "timeout": 20}
        slow = threading.Thread(target=requests.patch, args=(secrets_url(emulator),), kwargs=arguments)
        slow.start()
        assert requests.get(f"{emulator.url}/health", timeout=5).status_code == 200
        assert emulator.secrets("acme") == {}
        release.set()
        slow.join()
        assert emulator.secrets("acme") == {"k": "v"}


def test_not_emulated_route_says_so(emulator: Emulator, session: requests.Session) -> None:
    """What a real server would do is not taken for a wrong path."""
    response = session.get(f"{emulator.url}/api/v2/buckets", timeout=5)
    assert (response.status_code, response.json()["code"]) == (501, "not implemented")
    assert "emulator does not serve GET /api/v2/buckets" in response.json()["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "orgs"),
        ("DELETE", "orgs/00000000000000aa"),
        ("GET", "orgs/00000000000000aa/members"),
        ("GET", "orgs?userID=00000000000000aa"),
        ("POST", "checks"),
        ("GET", "tasks?status=active"),
        ("GET", "checks/00000000000000aa"),
        ("GET", "notificationRules/00000000000000aa/query"),
    ],
)
def test_not_emulated_calls_say_so(emulator: Emulator, session: requests.Session, method: str, path: str) -> None:
    """Orgs are made and removed by the Python API, and lists have the arguments that our client sends."""
    assert session.request(method, f"{emulator.url}/api/v2/{path}", timeout=5).status_code == 501


@pytest.mark.parametrize(
    "script",
    [
        'import "array"\narray.from(rows: [{v: "a"}]) |> yield()',
        'import "array"\narray.from(rows: [{v: 1}])',
        'import "array"\narray.from(rows: [{v: [{w: "a"}]}])',
        'import "array"\narray.from(rows: [{v: array.from(rows: [])}])',
        'import "array"\narray.from(rows: [{v: "a"}, {w: "b"}])',
        'import "array"\narray.from(rows: "a")',
        'import "array"\narray.concat(arr: "a", v: "b")',
        'import "array"\nimport "contrib/qxip/hash"\nhash.sha256(v: "a")',
        'import "array"\nimport "contrib/qxip/hash"\narray.from(rows: [{v: hash.sha256(w: "a")}])',
        'import "strings"\n',
        '"a"',
        "[]",
    ],
)
def test_not_emulated_flux_says_so(emulator: Emulator, session: requests.Session, script: str) -> None:
    """A script beyond what it knows is refused, never run half; text of the script is not repeated."""
    headers = {"Content-Type": "application/vnd.flux"}
    response = session.post(f"{emulator.url}/api/v2/query?org=acme", script, headers=headers, timeout=5)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert "the influx_secrets emulator does not run this script" in response.json()["message"]


def test_answers_name_the_emulator(emulator: Emulator) -> None:
    """Whoever wonders which server answered can see it."""
    assert requests.get(f"{emulator.url}/ping", timeout=5).headers["Server"] == "influx_secrets-emulator"


def test_deep_json_and_flux_are_refused(emulator: Emulator, session: requests.Session) -> None:
    """What is nested deeper than Python can follow is answered all the same."""
    deep = "[" * 5_000
    assert session.patch(secrets_url(emulator), f'{{"k": {deep}', timeout=5).status_code == 400
    script, headers = f'import "array"\narray.from(rows: {deep}', {"Content-Type": "application/vnd.flux"}
    response = session.post(f"{emulator.url}/api/v2/query?org=acme", script, headers=headers, timeout=5)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert "nested too deeply" in response.json()["message"]


def test_path_outside_of_the_api_has_no_assets(emulator: Emulator) -> None:
    """There is no web interface."""
    assert requests.get(f"{emulator.url}/", timeout=5).status_code == 404
