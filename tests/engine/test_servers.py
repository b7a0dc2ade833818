"""Servers that do not answer as they should: each gives one line that says what to do, and the state stays usable."""

from __future__ import annotations

import datetime as dt
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme
from proxies import CountingProxy
from scripted_server import ScriptedServer, answer
from servers import closed_port

from influx_secrets.emulator import Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from engine.stack import NewStack, Stack
    from servers import InfluxdServer

ID = "0123456789abcdef"
LOGIN_PAGE = answer(200, "<html><title>Please log in</title></html>", content_type="text/html")
ONE = 'influx.Secret("a", org_id=ID, key="A", value="hunter2-never-shown")'


def _failed(stack: Stack) -> str:
    """Run an up that fails; return the one line of ours, and look that nothing else of ours was shown."""
    run = stack.up(fails=True)
    (error,) = {line for line in run.errors if " yet: " not in line}
    assert "influx_secrets/_" not in run.output
    assert "hunter2" not in run.output
    return error


@pytest.fixture
def slow_to_give_up(new_stack: NewStack) -> Stack:
    """A stack whose provider tries each request twice."""
    stack = new_stack({"INFLUX_HOST": "", "INFLUX_TOKEN": "token-never-shown"}, ID=ID)
    stack.set_config("influx-secrets:maxAttempts", "2")
    return stack.program(ONE)


def test_server_down_is_one_line_and_the_next_up_finishes(slow_to_give_up: Stack) -> None:
    """Nothing was stored, so the run after the server's return does the work."""
    stack = slow_to_give_up
    with closed_port() as port:
        stack.environment["INFLUX_HOST"] = f"http://127.0.0.1:{port}"
        preview = stack.preview()
        assert preview.steps == {"a": "create"}
        assert [line.split(":")[1] for line in preview.errors] == [
            " the server could not be asked, so this preview cannot show what it holds"
        ]
        assert "the connection was refused: is the server running, and is the url right?" in _failed(stack)
    with Emulator({"acme": ID}, token="token-never-shown", port=port) as emulator:
        assert stack.up().steps == {"a": "create"}
        assert emulator.secrets("acme") == {"A": "hunter2-never-shown"}
    stack.program(ONE.replace("hunter2", "rotated"))
    with closed_port(port):
        assert "the connection was refused" in _failed(stack)
    assert stack.stored("a")["outputs"]["version"] == 1
    with Emulator({"acme": ID}, token="token-never-shown", port=port) as emulator:
        assert stack.up().steps == {"a": "update"}
        assert emulator.secrets("acme") == {"A": "rotated-never-shown"}


def test_expired_certificate_is_one_line(slow_to_give_up: Stack, tmp_path: Path) -> None:
    """The line says that it has expired, and where to renew it."""
    authority = trustme.CA()
    past = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_before=past, not_after=past).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with ScriptedServer(LOGIN_PAGE, tls=context) as server:
        slow_to_give_up.environment["INFLUX_HOST"] = server.url
        assert "is not signed by an authority that this machine trusts" in _failed(slow_to_give_up)
        slow_to_give_up.environment["INFLUXDB_V2_SSL_CA_CERT"] = str(tmp_path / "ca.pem")
        assert "the server's TLS certificate has expired: renew it on the server" in _failed(slow_to_give_up)


def test_login_page_of_a_proxy_is_one_line(slow_to_give_up: Stack) -> None:
    """An answer in HTML is not the API's: the line says so, and that the url may be wrong."""
    with ScriptedServer(LOGIN_PAGE) as server:
        slow_to_give_up.environment["INFLUX_HOST"] = server.url
        error = _failed(slow_to_give_up)
    assert "text/html" in error
    assert "proxy" in error


def test_proxy_that_forbids_queries_only_hides_changed_values(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """It is said; what is missing is still found and written again."""
    stack.program('influx.OrgSecrets("o", org=ORG, secrets={"A": "ours", "B": "ours"})').up()
    influxd.put_secret(acme, "A", "theirs")
    influxd.remove_secret(acme, "B")
    with CountingProxy(influxd.url, refused="/api/v2/query") as proxy:
        stack.environment["INFLUX_HOST"] = proxy.url
        run = stack.up("--refresh")
    said = [line for line in run.diagnostics if "values cannot be checked on this server" in line]
    assert len(said) == 1
    assert "the server does not answer Flux queries (HTTP 405)" in said[0]
    assert influxd.values(acme) == {"A": "theirs", "B": "ours"}


def test_wrong_or_poor_token_is_one_line(stack: Stack, influxd: InfluxdServer, acme: str) -> None:
    """Preview and run name the permission that is missing, for a token of nothing and for one that may only read."""
    stack.program('influx.Secret("a", org=ORG, key="A", value="hunter2-never-shown")')
    stack.environment["INFLUX_TOKEN"] = "wrong"
    for run in (stack.preview(fails=True), stack.up(fails=True)):
        (error,) = {line for line in run.errors if " yet: " not in line}
        assert "the server does not know the token: it is wrong or revoked" in error
    stack.environment["INFLUX_TOKEN"] = influxd.create_token(acme, write_secrets=False)
    assert "lacks the permission to write the secrets of org" in _failed(stack)
    assert influxd.keys(acme) == []


def test_no_token_is_one_line(new_stack: NewStack, influxd: InfluxdServer, acme: str) -> None:
    """A preview goes on without a token where the org is given by id; a run says where to put one."""
    stack = new_stack({"INFLUX_HOST": influxd.url}, ID=influxd.org_id(acme))
    preview = stack.program(ONE).preview()
    assert preview.steps == {"a": "create"}
    assert "INFLUX_TOKEN" in "\n".join(preview.errors)
    assert "INFLUX_TOKEN" in _failed(stack)
