"""How bodies are read: Go's JSON with its leniencies, on the emulator and on the real server."""

from __future__ import annotations

import json

import pytest
from wire import Reply, Wire

MALFORMED = [
    *("", "   ", "{", "[]", '"s"', "7", "1.x", "tRue", "<html>", "\ufeff{}", "\x00", "[" * 10_001, "{'FIELD': \"x\"}"),
    *('{"FIELD"', '{"FIELD": "x"', '{"FIELD": "x",}', '{"FIELD": "x"]', '{"FIELD": \t"\t"}', '{"FIELD": "\\x"}'),
    *('{"FIELD": 01}', '{"FIELD": 7}', '{"FIELD": true}', '{"FIELD": NaN}', '{"FIELD": {}}', '{"FIELD": ["x", 7]}'),
    '{"FIELD": 7, "FIELD": null}',
]
"""Cut, garbled, or of another shape than any call takes, whatever field of the body is looked at."""


def assert_refused(reply: Reply, words: str) -> None:
    """The words of Go that follow are not the emulator's."""
    assert (reply.status, reply.headers["X-Platform-Error-Code"]) == (400, "invalid")
    assert json.loads(reply.body)["message"].startswith(words)


def test_malformed_secrets_are_refused_and_nothing_is_written(wire: Wire) -> None:
    """One value that is no string is enough, wherever it stands."""
    wire.put(k="before")
    for body in [*MALFORMED, '{"a": "x", "FIELD": 1}', '{"FIELD": \xff}']:
        sent = body.replace("FIELD", "k")
        assert_refused(wire.secrets("PATCH", "", sent), "failed to unmarshal json: ")
    assert wire.values == {"k": "before"}


def test_malformed_list_of_keys_is_refused_and_nothing_is_removed(wire: Wire) -> None:
    """One bad field of two is enough, wherever it stands."""
    wire.put(k="v")
    for body in [
        *MALFORMED,
        '{"secrets": "k"}',
        '{"secrets": ["k"], "secrets": 1}',
        '{"secrets": 1, "secrets": ["k"]}',
    ]:
        assert_refused(wire.secrets("POST", "/delete", body.replace("FIELD", "secrets")), "failed to unmarshal json: ")
    assert wire.keys == ["k"]


def test_malformed_query_is_refused_with_a_hint(wire: Wire) -> None:
    """The hint tells how to send a raw script."""
    hint = "failed to decode request body: failed parsing request body as JSON; if sending a raw Flux script, "
    for body in [*MALFORMED, '{"QUERY": 7}', '{"query": "x", "TYPE": 7}', '{"query": "x", "dialect": []}']:
        assert_refused(ask(wire, body.replace("FIELD", "query")), hint)


@pytest.mark.parametrize("body", ["nullx", "null null", "{}]", '{"k": "v"}}', '\t\r\n {"k": "v"} garbage'])
def test_body_is_read_up_to_the_end_of_its_first_value(wire: Wire, body: str) -> None:
    """What follows is not looked at."""
    assert wire.secrets("PATCH", "", body).status == 204
    assert wire.keys == (["k"] if "k" in body else [])


ACCEPTED: list[tuple[str | bytes, dict[str, str]]] = [
    ('{"k": "a", "k": "b"}', {"k": "b"}),
    ('{"k": "a", "k": null}', {"k": ""}),
    ('{"k": "\\ud800x"}', {"k": "\ufffdx"}),
    ('{"k": "\\udc00\\ud800"}', {"k": "\ufffd\ufffd"}),
    ('{"\\ud83d\\ude00": "x"}', {"\U0001f600": "x"}),
    ('{"\\u006b": "\\/\\b\\f"}', {"k": "/\b\f"}),
    ('{"k": "\x7f"}', {"k": "\x7f"}),
    (b'{"k\xe2\x82": "\xff\xfe"}', {"k\ufffd\ufffd": "\ufffd\ufffd"}),
    (b'{"\xed\xa0\x80": "x"}', {"\ufffd" * 3: "x"}),
]


@pytest.mark.parametrize(("body", "held"), ACCEPTED, ids=[ascii(body)[:24] for body, _ in ACCEPTED])
def test_body_is_read_as_go_reads_it(wire: Wire, body: str | bytes, held: dict[str, str]) -> None:
    """The last of repeated names counts; what is not Unicode becomes U+FFFD, one for each byte or half pair."""
    assert wire.secrets("PATCH", "", body).status == 204
    assert wire.values == held


REMOVED = [
    ('{"Secrets": ["a"]}', ["b", "c"]),
    ('{"SECRETS": ["a"]}', ["b", "c"]),
    ('{"secret\u017f": ["a"]}', ["b", "c"]),
    ('{"secrets ": ["a"]}', ["a", "b", "c"]),
    ('{"secrets": ["a"], "secrets": ["b"]}', ["a", "c"]),
    ('{"secrets": ["a"], "secrets": null}', ["a", "b", "c"]),
    ('{"secrets": ["a", null, "b"]}', ["c"]),
    ('{"x": {"y": [1]}, "secrets": ["a"]}', ["b", "c"]),
]


@pytest.mark.parametrize(("body", "left"), REMOVED)
def test_post_delete_field_is_read_as_go_reads_it(wire: Wire, body: str, left: list[str]) -> None:
    """Names in any case, and the last field counts."""
    wire.put(a="1", b="2", c="3")
    assert wire.secrets("POST", "/delete", body).status == 204
    assert wire.keys == left


QUERY = '"query": "import \\"array\\"\\narray.from(rows: [{a: \\"x\\"}])"'
RESULT = ",result,table,a\r\n,_result,0,x\r\n\r\n"


def ask(wire: Wire, body: str) -> Reply:
    return wire.send("POST", "/api/v2/query?orgID=ORG", body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (f'{{{QUERY.replace("query", "Query", 1)}, "type": null, "dialect": null, "now": null}}', RESULT),
        (f'{{{QUERY}, "query": null, "type": "flux", "params": 5, "org": 5}}', RESULT),
        (f'{{{QUERY}, "extern": {{"imports": [], "body": []}}, "ast": 5}}', RESULT),
        (f'{{{QUERY}, "dialect": {{"header": true, "delimiter": ",", "annotations": null}}}}', RESULT),
        (f'{{{QUERY}, "dialect": {{"commentPrefix": "#", "dateTimeFormat": "RFC3339"}}}}', RESULT),
        (f'{{{QUERY}, "DIALECT": {{"Annotations": ["group"]}}}}', "#group,false,false,false\r\n" + RESULT),
        ('{"query": "import \\"array\\"\\narray.from(rows: [{}, {}])"}', ",result,table\r\n\r\n"),
    ],
)
def test_query_in_json_is_read_as_go_reads_it(wire: Wire, body: str, result: str) -> None:
    """Names in any case, `null` as if it were not there, and what the vendor's clients send besides."""
    reply = ask(wire, body)
    assert (reply.status, reply.body.decode()) == (200, result)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{}", "request body requires either query or AST"),
        ("null", "request body requires either query or AST"),
        ('{"query": "1", "type": "influxql"}', "unknown query type: influxql"),
        ('{"query": "1", "type": "sql", "type": null}', "unknown query type: sql"),
    ],
)
def test_query_that_asks_for_what_there_is_not_is_400(wire: Wire, body: str, problem: str) -> None:
    """JSON that is well-formed and asks for nothing that could be done."""
    reply = ask(wire, body)
    expected = f'{{"code":"invalid","message":"failed to decode request body: {problem}"}}'
    assert (reply.status, reply.body) == (400, expected.encode())


@pytest.mark.parametrize(
    "members",
    [
        '"extern": {}, "query": ""',
        '"query": "", "ast": {"type": "Package"}',
        '"now": "x"',
        '"dialect": {"delimiter": "ab"}',
        '"dialect": {"annotations": ["x"]}',
        '"dialect": {"header": 1}',
    ],
)
def test_query_that_neither_server_runs_is_400(wire: Wire, members: str) -> None:
    """Influxd says what is wrong with it; the emulator runs no syntax tree and has one dialect."""
    reply = ask(wire, f"{{{QUERY}, {members}}}")
    assert (reply.status, reply.headers["X-Platform-Error-Code"]) == (400, "invalid")
