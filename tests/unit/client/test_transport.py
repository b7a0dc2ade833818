"""What is on the wire: headers, bodies, connections, traces."""

from __future__ import annotations

import gzip
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from opentelemetry import trace as otel
from scripted_server import Clock, ScriptedServer, answer, json_answer, raw
from sending import FINE, GET, PATCH, TOKEN, failing, transport

from influx_secrets import _errors as errors
from influx_secrets._client.messages import Request
from influx_secrets._client.settings import Settings
from influx_secrets._client.transport import Transport


def test_send_get_carries_token_and_names_itself() -> None:
    """A request has the token, the agent's name and version, and asks for JSON; nothing else of ours."""
    with ScriptedServer(FINE) as server, transport(server.url + "/prefix") as sender:
        sender.send(GET)
        (seen,) = server.requests
    assert (seen.method, seen.target, seen.body) == ("GET", "/prefix/thing", b"")
    assert seen.headers["authorization"] == f"Token {TOKEN}"
    assert seen.headers["user-agent"] == f"influx_secrets/{version('influx_secrets')}"
    assert seen.headers["accept"] == "application/json"
    assert not {"content-type", "cookie", "zap-trace-span"} & set(seen.headers)


@pytest.mark.parametrize("token", ["two words", "tab\tinside", "clé-ключ"])
def test_send_token_of_any_characters_arrives(token: str) -> None:
    """What influxd and its CLI take for a token, in the bytes that the CLI sends: UTF-8."""
    with ScriptedServer(FINE) as server, transport(server.url, settings={"token": token}) as sender:
        sender.send(GET)
        assert server.requests[0].headers["authorization"].encode("latin-1") == f"Token {token}".encode()


def test_send_extra_headers_go_with_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the form of the influx CLI (2.8.0): name, colon, value, and a comma before the next one."""
    monkeypatch.setenv("INFLUX_EXTRA_HTTP_HEADER", "CF-Access-Client-Id: id:1 ,X-Key:ключ")
    with ScriptedServer(FINE) as server:
        settings = Settings.resolve({"url": server.url, "token": TOKEN})
        Transport(settings).send(GET)
        Transport(settings).send(replace(PATCH, expects=200))
        for seen in server.requests:
            assert seen.headers["cf-access-client-id"] == "id:1"
            assert seen.headers["x-key"].encode("latin-1") == "ключ".encode()
            assert seen.headers["authorization"] == f"Token {TOKEN}"


def test_send_uninstalled_package_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run from a source tree, the agent says that its version is unknown."""
    with ScriptedServer(FINE) as server:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "path", [])
            sender = transport(server.url)
        sender.send(GET)
        assert server.requests[0].headers["user-agent"] == "influx_secrets/unknown"


def test_send_body_and_query_arrive_as_given() -> None:
    """Bytes are sent as they are, with their type and length; the query is escaped."""
    request = Request(
        method="POST",
        path="/q",
        intent="ask",
        query=(("org", "a&b ключ"),),
        body="ключ\n".encode(),
        content_type="application/vnd.flux",
        accept="application/csv",
    )
    with ScriptedServer(FINE) as server, transport(server.url) as sender:
        sender.send(request)
        (seen,) = server.requests
    assert seen.target == "/q?org=a%26b+%D0%BA%D0%BB%D1%8E%D1%87"
    assert seen.body == "ключ\n".encode()
    assert (seen.headers["content-type"], seen.headers["accept"]) == ("application/vnd.flux", "application/csv")


def test_send_compressed_answer_is_unpacked() -> None:
    """Gzip is understood."""
    body = gzip.compress(b'{"a": 1}')
    with ScriptedServer(answer(200, body, content_encoding="gzip")) as server, transport(server.url) as sender:
        assert sender.send(GET).json() == {"a": 1}


def test_send_cookie_is_not_kept() -> None:
    """A cookie that is set comes back with no later request."""
    with ScriptedServer(json_answer(200, {}, set_cookie="a=b")) as server, transport(server.url) as sender:
        sender.send(GET)
        sender.send(GET)
        assert "cookie" not in server.requests[1].headers


def test_send_netrc_entry_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login for this host in ~/.netrc changes nothing."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with ScriptedServer(FINE) as server, transport(server.url) as sender:
        sender.send(GET)
        assert server.requests[0].headers["authorization"] == f"Token {TOKEN}"


def test_send_without_token_fails_before_any_request() -> None:
    """No token: one line that says where one may come from, and no connection."""
    with ScriptedServer(FINE) as server, transport(server.url, settings={"token": None}) as sender:
        with pytest.raises(
            errors.SettingsError, match=r"cannot get the thing: there is no API token\. Set INFLUX_TOKEN"
        ):
            sender.send(GET)
        assert server.connections == 0
        sender.send(Request(method="GET", path="/health", intent="ask", authenticated=False))
        assert "authorization" not in server.requests[0].headers


def test_send_one_thread_keeps_one_connection() -> None:
    """Twenty requests, errors of the API among them, share a connection."""
    refusal = json_answer(404, {"code": "not found", "message": "no"})
    with ScriptedServer(*[FINE, refusal] * 10) as server, transport(server.url) as sender:
        for _ in range(10):
            sender.send(GET)
            with pytest.raises(errors.NotFoundError):
                sender.send(GET)
        assert server.connections == 1


def test_send_four_threads_keep_at_most_four_connections() -> None:
    """A hundred requests of four threads need no fifth connection."""
    with ScriptedServer(FINE) as server, transport(server.url) as sender:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: sender.send(GET), range(100)))
        assert len(server.requests) == 100
        assert server.connections <= 4


def test_send_more_threads_than_connections_waits_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread too many waits for a connection instead of opening one that would be thrown away."""
    monkeypatch.setattr("influx_secrets._client.connections.POOL_SIZE", 4)  # not to start more than 64 threads
    with ScriptedServer(FINE) as server, transport(server.url) as sender:
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda _: sender.send(GET), range(60)))
        assert server.connections <= 4


def test_send_after_close_opens_a_new_connection() -> None:
    """A closed transport can be used again."""
    with ScriptedServer(FINE) as server, transport(server.url) as sender:
        sender.send(GET)
        sender.close()
        sender.send(GET)
        assert server.connections == 2


def test_send_connection_dropped_while_idle_is_not_noticed() -> None:
    """A server that closes kept connections costs no failed attempt."""
    clock = Clock()
    drop = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    with ScriptedServer(drop) as server, transport(server.url, clock) as sender:
        for _ in range(3):
            sender.send(GET)
            assert server.ended.acquire(timeout=10)
            time.sleep(0.01)  # from that end to this one
        assert clock.waits == []


def test_trace_configured_is_sent_as_it_is_and_named_in_errors() -> None:
    """`trace_span` is the header, and its trace id the error's."""
    span = '{"trace_id":"00000000000000aa","span_id":"00000000000000bb","baggage":{}}'
    refusal = json_answer(400, {"code": "invalid"})
    with ScriptedServer(refusal) as server, transport(server.url, settings={"trace_span": span}) as sender:
        with pytest.raises(errors.InvalidError) as caught:
            sender.send(GET)
        assert server.requests[0].headers["zap-trace-span"] == span
    assert caught.value.trace_id == "00000000000000aa"


@pytest.mark.parametrize("span", ["plain", "[1]", '{"trace_id": 5}'])
def test_trace_configured_in_another_form_is_its_own_id(span: str) -> None:
    """A span that is no JSON object with a trace id is passed on whole."""
    error = failing(json_answer(400, {"code": "invalid"}), trace_span=span)
    assert isinstance(error, errors.APIError)
    assert error.trace_id == span


def test_trace_of_the_server_goes_first() -> None:
    """The header `Trace-Id` of an answer is the error's trace id."""
    error = failing(json_answer(400, {"code": "invalid"}, trace_id="00cc"), trace_span="plain")
    assert isinstance(error, errors.APIError)
    assert error.trace_id == "00cc"


def current_span(trace_id: int, span_id: int) -> otel.Span:
    return otel.NonRecordingSpan(otel.SpanContext(trace_id, span_id, is_remote=False))


def test_trace_of_opentelemetry_is_sent_in_the_form_that_influxd_reads() -> None:
    """A current span becomes JSON of two ids with 16 hex digits, not zero."""
    with ScriptedServer(FINE) as server, transport(server.url) as sender:
        with otel.use_span(current_span(0xAAAA_0000_0000_0000_00BB, 0xCC)):
            sender.send(GET)
        sender.send(GET)
        with otel.use_span(current_span(0xAAAA_0000_0000_0000_0000, 0xCC)):
            sender.send(GET)
        first, *others = [seen.headers.get("zap-trace-span") for seen in server.requests]
    expected = {"trace_id": "00000000000000bb", "span_id": "00000000000000cc", "baggage": {}}
    assert json.loads(first or "") == expected
    assert others == [None, None]


def test_trace_without_opentelemetry_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody imported OpenTelemetry no header is sent."""
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    with ScriptedServer(FINE) as server, transport(server.url) as sender:
        sender.send(GET)
        assert "zap-trace-span" not in server.requests[0].headers
