"""Flux queries and the server's version."""

from __future__ import annotations

import pytest
from scripted_server import ScriptedServer, Step, answer, json_answer
from sending import ORG, TOKEN, asked, client

from influx_secrets import _errors as errors
from influx_secrets._client.client import SecretsClient
from influx_secrets._client.settings import Settings


def csv_answer(text: str) -> Step:
    return answer(200, text, content_type="text/csv; charset=utf-8")


def test_query_sends_the_script_and_reads_the_rows() -> None:
    """Flux goes as it is; rows come as text by column, without the annotation column."""
    body = ',result,table,k,h\r\n,_result,0,"a\r\nb","v""1,"\r\n,_result,0,ключ,\r\n\r\n'
    with client(csv_answer(body)) as (made, seen):
        rows = made.query(ORG, "from(ключ)")
        (one,) = seen
    assert rows == [
        {"result": "_result", "table": "0", "k": "a\nb", "h": 'v"1,'},
        {"result": "_result", "table": "0", "k": "ключ", "h": ""},
    ]
    assert (one.method, one.target) == ("POST", f"/api/v2/query?orgID={ORG}")
    assert one.headers["content-type"] == "application/vnd.flux"
    assert one.headers["accept"] == "application/csv"
    assert one.body == "from(ключ)".encode()


def test_query_several_tables_have_headers_of_their_own() -> None:
    """An empty line ends a table."""
    body = ",result,table,b,a\r\n,two,0,1,\r\n\r\n,result,table,a\r\n,one,0,x\r\n\r\n"
    with client(csv_answer(body)) as (made, _):
        rows = made.query(ORG, "x")
    assert rows == [
        {"result": "two", "table": "0", "b": "1", "a": ""},
        {"result": "one", "table": "0", "a": "x"},
    ]


def test_query_annotations_are_understood() -> None:
    """Annotated CSV: the defaults fill empty cells, the other annotations say nothing to us."""
    body = (
        "#datatype,string,long,string\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,a\r\n,,0,x\r\n"
    )
    with client(csv_answer(body)) as (made, _):
        assert made.query(ORG, "x") == [{"result": "_result", "table": "0", "a": "x"}]


@pytest.mark.parametrize("body", ["", "\r\n", ",result,table,a\r\n\r\n"])
def test_query_without_rows_is_an_empty_list(body: str) -> None:
    """No tables, and tables without rows."""
    with client(csv_answer(body)) as (made, _):
        assert made.query(ORG, "x") == []


@pytest.mark.parametrize(
    "body", ["<html>\r\n<body>", "result,a\r\n", ",a,b\r\n,1\r\n", ',a\r\n,"cut', "{}", ",a\r\n,x,y\r\n", b"\xff"]
)
def test_query_answer_of_another_shape_is_not_the_apis(body: str | bytes) -> None:
    """What is no table of Flux is no answer."""
    with client(answer(200, body)) as (made, _), pytest.raises(errors.ResponseError):
        made.query(ORG, "x")


@pytest.mark.parametrize(("said", "quoted"), [("map: boo", ' ("map: boo")'), (TOKEN, "")])
def test_query_that_fails_midway_is_an_error(said: str, quoted: str) -> None:
    """A script that fails after its first table was answered with 200: the table of the error is seen."""
    body = f",result,table,a\r\n,a,0,x\r\n\r\n\r\n,error,reference\r\n,{said},\r\n"
    with client(csv_answer(body)) as (made, _), pytest.raises(errors.APIError) as caught:
        made.query(ORG, "x")
    assert type(caught.value) is errors.APIError
    assert caught.value.status == 200
    assert str(caught.value).endswith(f"{quoted}. See the log of the server (IS316)")


def test_query_script_that_cannot_be_sent_is_refused() -> None:
    """Half a surrogate pair is no Flux."""
    with (
        client(answer(204)) as (made, _),
        pytest.raises(errors.DeclarationError, match="the Flux script cannot be sent as UTF-8"),
    ):
        made.query(ORG, "\ud800")


def test_version_is_that_of_health_and_needs_no_token() -> None:
    """`/health` is asked; a server that does not tell is not InfluxDB."""
    with ScriptedServer(json_answer(200, {"version": "v2.9.1"}), json_answer(200, {})) as server:
        made = SecretsClient(Settings(url=server.url))
        assert made.health().version == "v2.9.1"
        assert asked(server.requests) == [("GET", "/health")]
        with pytest.raises(errors.ResponseError):
            made.health()
