"""Flux on secrets: reading, and proving values by their hash, on the emulator and on the real server."""

from __future__ import annotations

import json

import pytest
from flux import flux_rows
from wire import Wire

IMPORTS = 'import "array"\nimport "influxdata/influxdb/secrets"\nimport "contrib/qxip/hash"\n'


def test_proof_of_an_absent_key_fails_the_whole_query(wire: Wire) -> None:
    """404, with the place of the first call that failed; columns count bytes."""
    wire.put(apikey="x")
    reply = wire.query(
        IMPORTS + 'array.from(rows: [{v: "é" + secrets.get(key: "apikey")}, {v: secrets.get(key: "no")}])'
    )
    assert reply.status == 404
    assert reply.body == (
        b'{"code":"not found","message":"error calling function \\"get\\" @4:63-4:85: secret not found"}'
    )


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("plain", "plain"),
        ("a,b", '"a,b"'),
        ('a"b', '"a""b"'),
        (" leading", '" leading"'),
        ("a\nb", '"a\r\nb"'),
        ("a\rb\r\nc", '"ab\r\nc"'),
        ("trailing ", "trailing "),
        ("\\.", '"\\."'),
        ("\u00a0x", '"\u00a0x"'),
    ],
    ids=ascii,
)
def test_query_value_is_written_as_go_writes_csv(wire: Wire, value: str, cell: str) -> None:
    """Quotes where Go quotes; line ends are changed on the way, so that CSV is no way to read a value exactly."""
    wire.put(k=value)
    reply = wire.query(flux_rows("secrets.get(key: {})", ["k"]))
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.body.decode() == f",result,table,v\r\n,_result,0,{cell}\r\n\r\n"


def test_query_as_json_has_the_wanted_annotations(wire: Wire) -> None:
    """In the order in which they are asked for; the default moves into its line."""
    wire.put(k="v")
    body = {
        "query": flux_rows("secrets.get(key: {})", ["k"]),
        "dialect": {"annotations": ["datatype", "default", "group"]},
    }
    headers = {"Content-Type": "application/json"}
    reply = wire.send("POST", f"/api/v2/query?org={wire.org}", json.dumps(body), headers=headers)
    lines = [
        "#datatype,string,long,string",
        "#default,_result,,",
        "#group,false,false,false",
        ",result,table,v",
        ",,0,v",
    ]
    assert reply.body.decode() == "\r\n".join([*lines, "", ""])


@pytest.mark.parametrize(
    "key", ['$"', "$\\", "$$", "$", "${", "$${", "\0", "\x01", "\x7f", "\ufeff", "a\rb"], ids=ascii
)
def test_query_key_written_with_bytes_for_dollar_and_nul_is_found(wire: Wire, key: str) -> None:
    """With these two written as bytes in hexadecimal, every key can be written as a Flux string."""
    wire.put(**{key: "v"})
    assert wire.query(flux_rows("secrets.get(key: {})", [key])).status == 200


@pytest.mark.parametrize("literal", ['"$\\""', '"$\\\\"', '"a\0b"', '"\\$"', '"\\xff"', '"\\u0041"', "'a'"])
def test_query_string_that_looks_escaped_is_400(wire: Wire, literal: str) -> None:
    """A dollar swallows the backslash behind it; NUL ends the script; not every escape is one."""
    reply = wire.query(f'import "array"\narray.from(rows: [{{v: {literal}}}])')
    assert (reply.status, reply.headers["X-Platform-Error-Code"]) == (400, "invalid")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("/api/v2/query", "Please provide either orgID or org"),
        ("/api/v2/query?orgID=xyz", "id must have a length of 16 bytes"),
        ("/api/v2/query?orgID=0000000000000001", "organization not found"),
        ("/api/v2/query?org=0000000000000001", "organization not found"),
        ("/api/v2/query?org=nobody", 'organization name \\"nobody\\" not found'),
    ],
)
def test_query_without_a_good_org_is_400(wire: Wire, target: str, problem: str) -> None:
    """Here an unknown org is a bad request."""
    headers = {"Content-Type": "application/vnd.flux"}
    reply = wire.send("POST", target, flux_rows("{}", ["k"]), headers=headers)
    expected = f'{{"code":"invalid","message":"failed to decode request body: {problem}"}}'
    assert (reply.status, reply.body) == (400, expected.encode())


@pytest.mark.parametrize("arguments", ["org=ORG", "org=nobody&orgID=ORG", "orgID=ORG&org=0000000000000001"])
def test_query_names_its_org_by_an_id_in_either_argument(wire: Wire, arguments: str) -> None:
    """`org` may be an id, and `orgID` wins over it."""
    wire.put(k="v")
    headers = {"Content-Type": "application/vnd.flux"}
    reply = wire.send("POST", f"/api/v2/query?{arguments}", flux_rows("secrets.get(key: {})", ["k"]), headers=headers)
    assert reply.status == 200


def test_query_empty_is_400(wire: Wire) -> None:
    """No script at all."""
    reply = wire.query("")
    assert reply.status == 400
    assert b"request body requires either query or AST" in reply.body


def test_query_flux_without_its_content_type_is_400(wire: Wire) -> None:
    """A script that is not called one is taken for JSON."""
    reply = wire.send("POST", "/api/v2/query?orgID=ORG", flux_rows("{}", ["k"]))
    assert reply.status == 400
    assert b"if sending a raw Flux script, set 'Content-Type: application/vnd.flux'" in reply.body


@pytest.mark.parametrize(
    "script",
    [
        'import "array"\narray.from(rows: [{v: "${x}"}])',
        'array.from(rows: [{v: "not imported"}])',
        'import "array"\narray.from(rows: [{v: "open',
        'import "nothing/like/it"\n',
        'import "array"\narray.from(rows: [])',
        'import "array"\narray.from(rows: [{v: "a", v: "b"}])',
        'import "array"\narray.from(rows: [{a: "1"}, {b: "2"}])',
        'import "array"\narray.from(rows: [{a: "1"}], rows: [{a: "1"}])',
        f'{IMPORTS}array.from(rows: [{{a: hash.sha256(v: "a", v: "b")}}])',
        f'{IMPORTS}array.from(rows: [{{a: secrets.get(key: "is not there")}}, {{b: "2"}}])',
        "",
    ],
)
def test_query_bad_script_is_400_invalid(wire: Wire, script: str) -> None:
    """Whatever is wrong with it: 400 with the code `invalid`."""
    reply = wire.query(script)
    assert (reply.status, reply.headers["X-Platform-Error-Code"]) == (400, "invalid")


@pytest.mark.parametrize("word", ["and", "builtin", "else", "exists", "if", "import", "not", "option", "or", "return"])
def test_query_keyword_as_a_label_is_400(wire: Wire, word: str) -> None:
    """A word of the language names no column, unless it stands in quotes."""
    assert wire.query(f'import "array"\narray.from(rows: [{{{word}: "1"}}])').status == 400
    assert wire.query(f'import "array"\narray.from(rows: [{{"{word}": "1"}}])').status == 200


def test_query_get_is_405_with_allow(wire: Wire) -> None:
    """This handler is older than the others, and says what it allows."""
    reply = wire.send("GET", "/api/v2/query?orgID=ORG")
    assert (reply.status, reply.headers["Allow"]) == (405, "OPTIONS, POST")
    assert reply.body == b'{"code":"method not allowed","message":"allow: OPTIONS, POST"}'


def test_query_large_result_is_compressed_where_asked_for(wire: Wire) -> None:
    """From 1,400 bytes on; the only answer of these calls that ever is."""
    wire.put(k="v" * 2000)
    headers = {"Content-Type": "application/vnd.flux", "Accept-Encoding": "gzip"}
    script = flux_rows("secrets.get(key: {})", ["k"])
    reply = wire.send("POST", "/api/v2/query?orgID=ORG", script, headers=headers)
    assert reply.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in wire.send("GET", "/api/v2/orgs/ORG/secrets", headers=headers).headers
