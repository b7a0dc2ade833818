"""The JSON of a query: what of it counts, what is refused, and in which words, on the emulator and on influxd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wire import Reply, Wire

QUERY = '"query": "import \\"array\\"\\narray.from(rows: [{a: \\"x\\"}])"'
HEADER, ROW = ",result,table,a\r\n", ",_result,0,x\r\n"


def ask(wire: Wire, members: str) -> Reply:
    body = f"{{{QUERY}, {members}}}" if '"query"' not in members.lower() else f"{{{members}}}"
    return wire.send("POST", "/api/v2/query?orgID=ORG", body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("members", "unfit"),
    [
        ('"type": 5', "json: cannot unmarshal number into Go struct field QueryRequest.type of type string"),
        ('"type": []', "json: cannot unmarshal array into Go struct field QueryRequest.type of type string"),
        ('"TYPE": true', "json: cannot unmarshal bool into Go struct field QueryRequest.type of type string"),
        (
            '"query": 5, "query": "x"',
            "json: cannot unmarshal number into Go struct field QueryRequest.query of type string",
        ),
        (
            '"dialect": 5',
            "json: cannot unmarshal number into Go struct field QueryRequest.dialect of type http.QueryDialect",
        ),
        (
            '"dialect": []',
            "json: cannot unmarshal array into Go struct field QueryRequest.dialect of type http.QueryDialect",
        ),
        (
            '"dialect": {"header": "no"}',
            "json: cannot unmarshal string into Go struct field QueryDialect.dialect.header of type bool",
        ),
        (
            '"dialect": {"delimiter": 5}',
            "json: cannot unmarshal number into Go struct field QueryDialect.dialect.delimiter of type string",
        ),
        (
            '"dialect": {"header": 5, "delimiter": 5}',
            "json: cannot unmarshal number into Go struct field QueryDialect.dialect.header of type bool",
        ),
        (
            '"dialect": {"annotations": 5, "header": 5}',
            "json: cannot unmarshal number into Go struct field QueryDialect.dialect.annotations of type []string",
        ),
        (
            '"dialect": {"annotations": ["group", 5]}',
            "json: cannot unmarshal number into Go struct field QueryDialect.dialect.annotations of type string",
        ),
        (
            '"dialect": {"commentPrefix": 5}',
            "json: cannot unmarshal number into Go struct field QueryDialect.dialect.commentPrefix of type string",
        ),
        (
            '"dialect": {"dateTimeFormat": {}}, "type": 5',
            "json: cannot unmarshal object into Go struct field QueryDialect.dialect.dateTimeFormat of type string",
        ),
        # A time that is none ends the reading at once, whatever did not fit before it.
        ('"now": 5', "Time.UnmarshalJSON: input is not a JSON string"),
        ('"type": 5, "now": []', "Time.UnmarshalJSON: input is not a JSON string"),
        ('"now": "x"', 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
    ],
)
def test_query_member_of_another_type_is_400(wire: Wire, members: str, unfit: str) -> None:
    """The first that does not fit is told, in Go's words."""
    reply = ask(wire, members)
    assert reply.status == 400
    assert json.loads(reply.body)["message"].endswith(f"in your request headers: {unfit}")


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ('"type": "FLUX"', "unknown query type: FLUX"),
        ('"type": "sql", "type": null', "unknown query type: sql"),
        ('"type": "sql", "dialect": {"delimiter": "ab"}', "unknown query type: sql"),
        (
            '"dialect": {"delimiter": "ab", "commentPrefix": "##"}',
            "invalid dialect comment prefix: must be length 0 or 1",
        ),
        ('"dialect": {"commentPrefix": "é"}', "invalid dialect comment prefix: must be length 0 or 1"),
        ('"dialect": {"delimiter": "é"}', "invalid dialect delimeter: must be length 1"),
        ('"dialect": {"annotations": ["x"], "delimiter": "ab"}', "invalid dialect delimeter: must be length 1"),
        ('"dialect": {"annotations": ["x"], "dateTimeFormat": "x"}', "unknown dialect annotation type: x"),
        ('"dialect": {"annotations": [null]}', "unknown dialect annotation type: "),
        ('"dialect": {"dateTimeFormat": "x"}', "unknown dialect date time format: x"),
    ],
)
def test_query_that_asks_for_what_there_is_not_is_400(wire: Wire, members: str, problem: str) -> None:
    """One complaint, the first of an order that is always the same."""
    reply = ask(wire, members)
    expected = json.dumps({"code": "invalid", "message": f"failed to decode request body: {problem}"})
    assert (reply.status, json.loads(reply.body)) == (400, json.loads(expected))


@pytest.mark.parametrize(
    ("members", "result"),
    [
        ('"type": null, "dialect": null, "now": null, "ast": 5, "extern": null', HEADER + ROW),
        ('"now": "2026-01-01T00:00:00.5+01:00", "params": 5, "org": 5', HEADER + ROW),
        ('"extern": {"imports": [], "body": []}', HEADER + ROW),
        ('"Dialect": {"HEADER": false}', ROW),
        ('"dialect": {"header": false}, "dialect": null', ROW),
        ('"dialect": {"header": false}, "dialect": {"header": null}', HEADER + ROW),
        ('"dialect": {"delimiter": ";"}, "dialect": {"delimiter": null}', ";result;table;a\r\n;_result;0;x\r\n"),
        ('"dialect": {"delimiter": ""}', HEADER + ROW),
        ('"dialect": {"delimiter": "\\""}', ""),
        ('"dialect": {"delimiter": "\\n"}', ""),
        ('"dialect": {"delimiter": "\\u0000"}', HEADER + ROW),
        ('"dialect": {"commentPrefix": "x", "dateTimeFormat": "RFC3339Nano", "quoteChar": 5}', HEADER + ROW),
        ('"dialect": {"annotations": ["group"], "annotations": [null]}', "#group,false,false,false\r\n" + HEADER + ROW),
        ('"dialect": {"annotations": ["group"], "annotations": null}', HEADER + ROW),
        (f'{QUERY}, "query": null', HEADER + ROW),
        ('"query": "import \\"array\\"\\narray.from(rows: [{}, {}])"', ",result,table\r\n"),
        (
            '"query": "import \\"array\\"\\narray.from(rows: [{}])", "dialect": {"annotations": ["default", "group"]}',
            "#default,_result,0\r\n#group,false,false\r\n,result,table\r\n",
        ),
    ],
)
def test_query_result_looks_as_asked_for(wire: Wire, members: str, result: str) -> None:
    """Names in any case; `null` leaves a text as it was, and resets the rest."""
    reply = ask(wire, members)
    assert (reply.status, reply.body.decode()) == (200, result + "\r\n")


@pytest.mark.parametrize("members", ['"extern": {}', '"query": "", "ast": {"type": "Package"}'])
def test_query_with_a_syntax_tree_is_400(wire: Wire, members: str) -> None:
    """These are too little of a tree for influxd; a whole one would run there, and here no tree does."""
    assert ask(wire, members).status == 400
