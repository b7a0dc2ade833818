"""Answers to a proof that no healthy server gives."""

from __future__ import annotations

import pytest
from scripted_server import answer
from sending import ORG, client

from influx_secrets._errors import ResponseError
from influx_secrets._proofs import prove


@pytest.mark.parametrize("rows", ["\r\n", ",result,table,k,h\r\n,_result,0,0,c2lnbmVk\r\n\r\n"])
def test_prove_answer_without_a_row_for_each_key_is_one_clear_error(rows: str) -> None:
    """As influxd ends a query in the middle, with 200, when it takes the request for broken off (seen on 2.9.1)."""
    step = answer(200, rows, content_type="text/csv; charset=utf-8")
    with client(step) as (asking, _), pytest.raises(ResponseError) as caught:
        prove(asking, ORG, ["A", "B"])
    assert str(caught.value).endswith(f" {rows.count('_result')} of 2 keys: run again")
