"""Answers to a proof that no healthy server gives."""

from __future__ import annotations

import pytest
from scripted_server import Step, answer, json_answer
from sending import ORG, TOKEN, client

from influx_secrets._client.value_proofs import prove
from influx_secrets._errors import InfluxSecretsError, NotFoundError, ProofsUnavailableError, ResponseError

NOT_READABLE = json_answer(
    404, {"code": "not found", "message": 'error calling function "map" @5:28-5:165: secret not found'}
)


def csv_answer(text: str) -> Step:
    return answer(200, text, content_type="text/csv; charset=utf-8")


@pytest.mark.parametrize("rows", ["\r\n", ",result,table,h\r\n,_result,0,c2lnbmVk\r\n\r\n"])
def test_prove_answer_without_a_row_for_each_key_is_one_clear_error(rows: str) -> None:
    """As influxd ends a query in the middle, with 200, when it takes the request for broken off (seen on 2.9.1)."""
    with client(csv_answer(rows)) as (asking, _), pytest.raises(ResponseError) as caught:
        prove(asking, ORG, ["A", "B"])
    assert f" ended its answer after {rows.count('_result')} of 2 keys. Run again." in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (",result,table,h,m\r\n,_result,0,c2lnbmVk,\r\n\r\n", "If the error stays, see the log of the server (IS320)"),
        (
            ",result,table,m,h\r\n,_result,0,,c2lnbmVk\r\n,_result,0,vault is sealed,\r\n\r\n",
            'cannot read the key "B" ("vault is sealed"). See the log of the server (IS321)',
        ),
        (
            ",result,table,h,m\r\n,_result,0,,secret not found\r\n,_result,0,none,\r\n\r\n",
            "See the log of the server (IS321)",
        ),
        (
            f",result,table,h,m\r\n,_result,0,,secret not found\r\n,_result,0,,{TOKEN}\r\n\r\n",
            "See the log of the server (IS321)",
        ),
    ],
    ids=["row-missing", "other-message", "neither", "echo"],
)
def test_prove_key_that_is_not_plainly_missing_is_an_error(rows: str, says: str) -> None:
    """Only "secret not found" means that a key has no readable value: all else proves nothing, so not a difference."""
    with client(NOT_READABLE, csv_answer(rows)) as (asking, seen), pytest.raises(InfluxSecretsError) as caught:
        prove(asking, ORG, ["A", "B"])
    assert str(caught.value).endswith(says)
    assert TOKEN not in str(caught.value)
    assert len(seen) == 2


@pytest.mark.parametrize("columns", ["h,m", "m,h"])
def test_prove_reads_columns_by_their_names(columns: str) -> None:
    """The order of columns is another one in each response (influxd 2.9.1)."""
    cells = {"h": ("c2lnbmVk", ""), "m": ("", "secret not found")}
    lines = [f",_result,0,{','.join(cells[name][row] for name in columns.split(','))}\r\n" for row in (0, 1)]
    table = csv_answer(f",result,table,{columns}\r\n{''.join(lines)}\r\n")
    with client(NOT_READABLE, table) as (asking, _):
        proofs = prove(asking, ORG, ["A", "B"])
    assert {key: proof.signature for key, proof in proofs.items()} == {"A": "c2lnbmVk", "B": None}


def test_prove_other_missing_thing_is_an_error() -> None:
    """A 404 that speaks of something else is no reason to ask again."""
    missing = json_answer(404, {"code": "not found", "message": "organization not found"})
    with client(missing) as (asking, seen), pytest.raises(NotFoundError, match="organization not found"):
        prove(asking, ORG, ["A"])
    assert len(seen) == 1


@pytest.mark.parametrize("status", [403, 405, 501])
def test_prove_page_of_a_proxy_that_forbids_queries_means_there_are_no_proofs(status: int) -> None:
    """As the server's own refusal does; what else the secrets need passes such a proxy."""
    page = answer(status, "<html>no</html>", content_type="text/html")
    with client(page) as (asking, _), pytest.raises(ProofsUnavailableError) as caught:
        prove(asking, ORG, ["A"])
    says = f"{asking.settings.url}/api/v2/query answered HTTP {status}. Let proxies and gateways pass this path (IS513)"
    assert str(caught.value) == says


@pytest.mark.parametrize("status", [200, 404])
def test_prove_any_other_page_is_an_error(status: int) -> None:
    """A login page, or a wrong path, proves nothing about the server."""
    page = answer(status, "<html>hello</html>", content_type="text/html")
    with client(page) as (asking, _), pytest.raises(ResponseError):
        prove(asking, ORG, ["A"])


def test_prove_asks_for_a_thousand_keys_with_each_query() -> None:
    rows = ",_result,0,c2lnbmVk\r\n"
    first, second = (csv_answer(f",result,table,h\r\n{rows * count}\r\n") for count in (1000, 1))
    with client(first, second) as (asking, seen):
        proofs = prove(asking, ORG, [f"K{number}" for number in range(1001)])
    assert (len(proofs), len(seen)) == (1001, 2)
    assert "c2lnbmVk" not in repr(proofs)
    assert proofs["K0"].nonce not in repr(proofs)
