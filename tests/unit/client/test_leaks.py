"""Planted token and values are in no message, attribute, log or traceback, however a server echoes them."""

from __future__ import annotations

import base64
import html
import json
import logging
import pickle
import traceback
import urllib.parse

import pytest
from scripted_server import ScriptedServer, Silence, Step, answer, json_answer, raw, reset
from sending import TOKEN, transport

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.messages import Request
from influx_secrets._client.redaction import clean
from influx_secrets._errors import APIError, InfluxSecretsError

ORG = "0123456789abcdef"
VALUE = 'pl"ant<ed> & \\ clé\nvalue/ü'


def notations(secret: str) -> list[str]:
    """The forms in which a secret is searched for, and in which a server may echo it."""
    data = secret.encode()
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    return [
        secret,
        escaped,
        json.dumps(secret)[1:-1],
        escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode(),
        data.hex(),
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
        html.escape(secret),
        repr(secret)[1:-1],
    ]


def echo(text: str) -> list[Step]:
    """Answers that repeat a text wherever an answer can."""
    line = text.replace("\n", " ").encode("latin-1", "replace").decode("latin-1")
    body = {"code": f"c {text}", "message": f"cannot use {text} here", "op": f"o {text}", "err": text}
    return [
        json_answer(400, body),
        json_answer(400, {"message": text[: len(text) - 2]}),
        json_answer(400, {"message": text[3:]}),
        answer(400, f"<html>{text}</html>", content_type=f"text/html{line}"),
        json_answer(500, {}, x_platform_error_code=line, trace_id=line),
        answer(302, text, location=f"https://{urllib.parse.quote(text, safe='')}.example/{urllib.parse.quote(text)}"),
        answer(200, text, content_type=line),
        raw(f"{line}\r\n\r\n".encode()),
        raw(f"HTTP/1.1 400 {line}\r\ncontent-length: 0\r\n\r\n".encode()),
    ]


HEADER = "planted-header-value"
ECHOES = [step for secret in (TOKEN, VALUE, HEADER) for form in notations(secret) for step in echo(form)]


def everything_about(error: BaseException) -> str:
    """All that a program or a person could print of an error."""
    shown = traceback.format_exception(error)
    return "\n".join(
        [*shown, str(error), repr(error), repr(error.args), repr(vars(error)), str(pickle.dumps(vars(error)))]
    )


def test_write_that_fails_leaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever comes back from a PATCH, error and debug logs of every library are free of token and value."""
    caplog.set_level(logging.DEBUG)
    hidden = [form for secret in (TOKEN, VALUE, HEADER) for form in notations(secret)]
    steps: list[Step] = [*ECHOES, reset, raw(), Silence()]
    for number, step in enumerate(steps):
        caplog.clear()
        with ScriptedServer(step) as server:
            settings = {"max_attempts": 2, "timeout": 0.2, "extra_http_header": f"X-Key: {HEADER}, X-Other: other"}
            client = SecretsClient._over(transport(server.url, settings=settings))
            with client, pytest.raises(InfluxSecretsError) as caught:
                client.upsert_secrets(ORG, {"KEY": VALUE})
            assert TOKEN in server.requests[0].headers["authorization"]
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)
        told = everything_about(caught.value) + caplog.text
        assert not [form for form in hidden if form in told], f"step {number}"


def test_refused_connection_leaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """An error of the socket layer is not dragged along with the request that it holds."""
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(reset) as server:
        url = server.url
    with pytest.raises(InfluxSecretsError) as caught:
        SecretsClient._over(transport(url)).upsert_secrets(ORG, {"KEY": VALUE})
    assert caught.value.__context__ is None
    assert TOKEN not in everything_about(caught.value) + caplog.text


def test_request_shown_has_no_body() -> None:
    """A request's text form shows neither body nor the texts to be withheld."""
    request = Request(method="PATCH", path="/p", intent="i", body=b"hunter2", sensitive=("hunter2",))
    assert "hunter2" not in repr(request)


def test_redactor_keeps_what_repeats_nothing() -> None:
    """The server's words are kept when they are its own."""
    assert clean("key too large", [TOKEN, VALUE, ""]) == "key too large"


def test_redactor_withholds_a_short_secret_and_a_part_of_a_long_one() -> None:
    """A secret of any length, whole; eight characters in a row of a longer one."""
    assert clean("a text with x", ["x"]) is None
    assert clean("saw ...3456789a...", ["0123456789abcdef"]) is None
    assert clean("saw ...3456789...", ["0123456789abcdef"]) == "saw ...3456789..."


def test_redactor_withholds_all_when_too_much_was_sent() -> None:
    """Beyond four million characters nothing is searched, so nothing is quoted."""
    assert clean("fine", ["x" * 4_000_001]) is None


@pytest.mark.parametrize("text", [None, 5, "", " \n\x00 "])
def test_redactor_of_nothing_is_none(text: object) -> None:
    """What is no text, or blank, has no words to quote."""
    assert clean(text, []) is None


def test_api_error_about_a_short_value_still_says_what_to_do() -> None:
    """Where the server's words are withheld, status, code and advice remain."""
    refusal = json_answer(401, {"code": "unauthorized", "message": "unauthorized access"})
    with ScriptedServer(refusal) as server, pytest.raises(APIError) as caught:
        SecretsClient._over(transport(server.url)).upsert_secrets(ORG, {"KEY": "z", "OTHER": "e"})
    assert caught.value.server_message is None
    assert caught.value.code == "unauthorized"
    assert "The token is wrong, revoked, or of another server" in str(caught.value)
