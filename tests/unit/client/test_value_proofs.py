"""Answers to a proof that no healthy server gives."""

from __future__ import annotations

import pytest
from scripted_server import answer
from sending import ORG, client

from influx_secrets._client.value_proofs import prove
from influx_secrets._errors import ProofsUnavailableError, ResponseError


@pytest.mark.parametrize("rows", ["\r\n", ",result,table,k,h\r\n,_result,0,0,c2lnbmVk\r\n\r\n"])
def test_prove_answer_without_a_row_for_each_key_is_one_clear_error(rows: str) -> None:
    """As influxd ends a query in the middle, with 200, when it takes the request for broken off (seen on 2.9.1)."""
    step = answer(200, rows, content_type="text/csv; charset=utf-8")
    with client(step) as (asking, _), pytest.raises(ResponseError) as caught:
        prove(asking, ORG, ["A", "B"])
    assert str(caught.value).endswith(f" {rows.count('_result')} of 2 keys: run again")


@pytest.mark.parametrize("status", [403, 405, 501])
def test_prove_page_of_a_proxy_that_forbids_queries_means_there_are_no_proofs(status: int) -> None:
    """As the server's own refusal does; what else the secrets need passes such a proxy."""
    page = answer(status, "<html>no</html>", content_type="text/html")
    with client(page) as (asking, _), pytest.raises(ProofsUnavailableError) as caught:
        prove(asking, ORG, ["A"])
    assert str(caught.value) == f"the server does not answer Flux queries (HTTP {status})"


@pytest.mark.parametrize("status", [200, 404])
def test_prove_any_other_page_is_an_error(status: int) -> None:
    """A login page, or a wrong path, proves nothing about the server."""
    page = answer(status, "<html>hello</html>", content_type="text/html")
    with client(page) as (asking, _), pytest.raises(ResponseError):
        prove(asking, ORG, ["A"])
