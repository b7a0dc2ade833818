"""How bodies are read: Go's JSON, its leniencies and its words, on the emulator and on the real server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wire import Wire

MESSAGES: list[tuple[str | bytes, str]] = [
    ('{"a": tru}', "invalid character '}' in literal true (expecting 'e')"),
    ('{"a": nul', "unexpected EOF"),
    ('{"a": fals0}', "invalid character '0' in literal false (expecting 'e')"),
    ('{"a": 01}', "invalid character '1' after object key:value pair"),
    ('{"a": -}', "invalid character '}' in numeric literal"),
    ('{"a": -a}', "invalid character 'a' in numeric literal"),
    ('{"a": 1.}', "invalid character '}' after decimal point in numeric literal"),
    ('{"a": 1e}', "invalid character '}' in exponent of numeric literal"),
    ('{"a": 1e+x}', "invalid character 'x' in exponent of numeric literal"),
    ('{"a": .5}', "invalid character '.' looking for beginning of value"),
    ('{"a": +1}', "invalid character '+' looking for beginning of value"),
    ('{"a": 1a}', "invalid character 'a' after object key:value pair"),
    ('{"a": NaN}', "invalid character 'N' looking for beginning of value"),
    ('{"a": Infinity}', "invalid character 'I' looking for beginning of value"),
    ("{'a': 1}", "invalid character '\\'' looking for beginning of object key string"),
    ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
    ('{"a" "b"}', "invalid character '\"' after object key"),
    ('{"a": "x" "b"}', "invalid character '\"' after object key:value pair"),
    ('{"a": "x"]', "invalid character ']' after object key:value pair"),
    ("[1 2]", "invalid character '2' after array element"),
    ("[1}", "invalid character '}' after array element"),
    ("[1,]", "invalid character ']' looking for beginning of value"),
    ("[,]", "invalid character ',' looking for beginning of value"),
    ("{,}", "invalid character ',' looking for beginning of object key string"),
    ('{"a": "\n"}', "invalid character '\\n' in string literal"),
    ('{"a": "\t"}', "invalid character '\\t' in string literal"),
    ('{"a": "\\x"}', "invalid character 'x' in string escape code"),
    ('{"a": "\\u12"}', "invalid character '\"' in \\u hexadecimal character escape"),
    ('{"a": "\\u00zz"}', "invalid character 'z' in \\u hexadecimal character escape"),
    ('{"a": "\\', "unexpected EOF"),
    ('{"a": "\\u1', "unexpected EOF"),
    ('{"a": "x', "unexpected EOF"),
    ('{"a"', "unexpected EOF"),
    ("[1, 2", "unexpected EOF"),
    ('{"a": {"b": [', "unexpected EOF"),
    ("   ", "EOF"),
    ("\x00", "invalid character '\\x00' looking for beginning of value"),
    ("\ufeff{}", "invalid character 'ï' looking for beginning of value"),
    ('{"a": \x7f}', "invalid character '\\x7f' looking for beginning of value"),
    ('{"a": \x1b}', "invalid character '\\x1b' looking for beginning of value"),
    ('{"a": \x07}', "invalid character '\\a' looking for beginning of value"),
    ('{"a": \xe9}', "invalid character 'Ã' looking for beginning of value"),
    ("-", "unexpected EOF"),
    ("1.", "unexpected EOF"),
    ("1.x", "invalid character 'x' after decimal point in numeric literal"),
    ("1e", "unexpected EOF"),
    ("[" * 10001, "invalid character '[' exceeded max depth"),
    ('{"a":' * 5000, "unexpected EOF"),
    ("tRue", "invalid character 'R' in literal true (expecting 'r')"),
    ('"\\ud800', "unexpected EOF"),
    ('"open', "unexpected EOF"),
    (b'{"a": \xad}', "invalid character '\\u00ad' looking for beginning of value"),
    (b'{"a": \xa0}', "invalid character '\\u00a0' looking for beginning of value"),
    (b'{"a": \x9f}', "invalid character '\\u009f' looking for beginning of value"),
    (b'{"a": \xff}', "invalid character 'ÿ' looking for beginning of value"),
]


@pytest.mark.parametrize(("body", "problem"), MESSAGES, ids=[ascii(body)[:24] for body, _ in MESSAGES])
def test_body_that_is_not_json_is_refused_in_the_words_of_go(wire: Wire, body: str | bytes, problem: str) -> None:
    """The first byte that does not fit is named, byte for byte as Go names it."""
    reply = wire.secrets("PATCH", "", body)
    assert (reply.status, reply.headers["X-Platform-Error-Code"]) == (400, "invalid")
    assert json.loads(reply.body)["message"] == f"failed to unmarshal json: {problem}"
    assert wire.keys == []


@pytest.mark.parametrize("body", ["nullx", "null null", "{}]", '{"k": "v"}}', '\t\r\n {"k": "v"} {"a": 1}'])
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
    ('{"secrets": ["a", null, "b"]}', ["c"]),
    ('{"secrets": ["a", "b"], "secrets": [null]}', ["b", "c"]),
    ('{"secrets": ["a", "b"], "secrets": ["x"], "secrets": [null, null]}', ["a", "c"]),
    ('{"secrets": ["a", "b"], "secrets": [], "secrets": [null]}', ["a", "b", "c"]),
    ('{"x": {"y": [1]}, "secrets": ["a"]}', ["b", "c"]),
]


@pytest.mark.parametrize(("body", "left"), REMOVED)
def test_post_delete_field_is_read_as_go_reads_it(wire: Wire, body: str, left: list[str]) -> None:
    """Names in any case, the last field counts, and `null` keeps what an earlier field had there."""
    wire.put(a="1", b="2", c="3")
    assert wire.secrets("POST", "/delete", body).status == 204
    assert wire.keys == left


@pytest.mark.parametrize("body", ['{"secrets": 1, "secrets": ["a"]}', '{"secrets": ["a"], "secrets": 1}'])
def test_post_delete_one_bad_field_of_two_is_refused(wire: Wire, body: str) -> None:
    """Wherever it stands."""
    wire.put(a="1")
    assert wire.secrets("POST", "/delete", body).status == 400
    assert wire.keys == ["a"]
