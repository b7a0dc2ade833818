"""The client's calls: what each sends, what it makes of the answer, and which route it takes."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from scripted_server import ScriptedServer, Seen, Step, answer, json_answer, reset
from sending import TOKEN, transport

from influx_secrets import _errors as errors
from influx_secrets._client import Org, SecretsClient
from influx_secrets._settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ORG = "0123456789abcdef"
SECRETS = f"/api/v2/orgs/{ORG}/secrets"
DONE = answer(204)
NO_ORG = json_answer(404, {"code": "not found", "message": "404 page not found"})
NO_ROUTE = [
    answer(405),
    NO_ORG,
    answer(404, "404 page not found\n", content_type="text/plain"),
    json_answer(501, {"code": "not implemented", "message": "x"}),
]


@contextmanager
def client(*steps: Step) -> Iterator[tuple[SecretsClient, list[Seen]]]:
    """A client of a scripted server, and the requests that the server has seen."""
    with ScriptedServer(*steps) as server, SecretsClient(transport=transport(server.url)) as made:
        yield made, server.requests


def asked(seen: list[Seen]) -> list[tuple[str, str]]:
    return [(one.method, one.target) for one in seen]


# The client itself


def test_client_shown_masks_the_token() -> None:
    """No text form of a client holds the token."""
    made = SecretsClient(Settings(token=TOKEN))
    assert TOKEN not in f"{made!r} {made} {made.__dict__}"
    assert "token='***'" in repr(made)


def test_client_without_settings_takes_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`SecretsClient()` resolves its settings."""
    monkeypatch.setenv("INFLUX_HOST", "https://from-environment")
    with SecretsClient() as made:
        assert made.settings.url == "https://from-environment"


def test_client_settings_beside_a_transport_are_refused() -> None:
    """Two sources of settings contradict each other."""
    made = SecretsClient(Settings())
    with pytest.raises(errors.DeclarationError, match="one of the two"):
        SecretsClient(Settings(), transport=made._transport)


def test_client_hurried_shares_the_connection_and_tries_once() -> None:
    """A hurried client is for previews: one attempt, no connection of its own."""
    with ScriptedServer(json_answer(200, {"secrets": []}), reset) as server:
        made = SecretsClient(transport=transport(server.url))
        made.list_secret_keys(ORG)
        with pytest.raises(errors.NoAnswerError):
            made.hurried().list_secret_keys(ORG)
        assert len(server.requests) == 2
        assert server.connections == 1


@pytest.mark.parametrize("org_id", ["", "acme", ORG[:-1], ORG + "0", "../../../health", ORG + "\n", "\uff10" * 16])
def test_org_id_malformed_is_refused_before_any_request(org_id: str) -> None:
    """Only 16 hex digits ever become part of a path."""
    with client(DONE) as (made, seen):
        for call in (
            lambda: made.list_secret_keys(org_id),
            lambda: made.upsert_secrets(org_id, {"K": "v"}),
            lambda: made.delete_secret(org_id, "K"),
            lambda: made.delete_secrets(org_id, ["K"]),
            lambda: made.org_exists(org_id),
        ):
            with pytest.raises(errors.DeclarationError, match="is no org id: it has 16 hex digits"):
                call()
        assert seen == []


# list_secret_keys


def test_list_keys_come_sorted_by_bytes() -> None:
    """One GET; the order is that of UTF-8, in which the server sorts too."""
    keys = ["ключ", "a", "Z", "\U0001f4a5", "\uffff", "a/b"]
    with client(json_answer(200, {"links": {}, "secrets": keys})) as (made, seen):
        assert made.list_secret_keys(ORG) == ("Z", "a", "a/b", "ключ", "\uffff", "\U0001f4a5")
        assert asked(seen) == [("GET", SECRETS)]


@pytest.mark.parametrize("body", [[], {}, {"secrets": None}, {"secrets": "K"}, {"secrets": ["K", 1]}, None, "K"])
def test_list_answer_of_another_shape_is_not_the_apis(body: object) -> None:
    """A good status with a body that is no list of keys proves nothing, least of all that keys are gone."""
    with client(json_answer(200, body)) as (made, _), pytest.raises(errors.ResponseError) as caught:
        made.list_secret_keys(ORG)
    assert f"cannot list the secret keys of org {ORG}: HTTP 200 from http://" in str(caught.value)


def test_list_answer_in_html_or_cut_is_not_the_apis() -> None:
    """A login page with status 200 and a JSON that ends too early are told as such."""
    for body in ("<html>", '{"secrets": ["A", "B'):
        with client(answer(200, body)) as (made, _), pytest.raises(errors.ResponseError, match="was cut"):
            made.list_secret_keys(ORG)


def test_list_unknown_org_names_both_causes_and_the_permissions() -> None:
    """The ambiguous 404 is explained."""
    with client(NO_ORG) as (made, _), pytest.raises(errors.NotFoundError) as caught:
        made.list_secret_keys(ORG)
    assert str(caught.value).endswith(
        '("404 page not found"): either there is no such org, or the token may not read it; the token needs read '
        "on the org, read on its secrets and write on its secrets"
    )


def test_list_unauthorized_names_the_permission() -> None:
    """A 401 says which permission may be missing."""
    refusal = json_answer(401, {"code": "unauthorized", "message": "unauthorized access"})
    with client(refusal) as (made, _), pytest.raises(errors.UnauthorizedError) as caught:
        made.list_secret_keys(ORG)
    assert f"lacks the permission to read the secrets of org {ORG}" in str(caught.value)


# upsert_secrets


def test_upsert_sends_one_patch_with_the_bytes_of_utf8() -> None:
    """All keys travel in one PATCH, as JSON that is not escaped beyond need."""
    secrets = {"a/b": 'q"\\', "ключ": "\u2028\n\0\U0001f4a5", "e": ""}
    with client(DONE) as (made, seen):
        made.upsert_secrets(ORG, secrets)
        (one,) = seen
    assert (one.method, one.target) == ("PATCH", SECRETS)
    assert one.headers["content-type"] == "application/json"
    assert json.loads(one.body) == secrets
    assert "ключ".encode() in one.body


def test_upsert_nothing_makes_no_request() -> None:
    """An empty mapping is done already."""
    with client(DONE) as (made, seen):
        made.upsert_secrets(ORG, {})
        assert seen == []


@pytest.mark.parametrize("status", [200, 201, 202])
def test_upsert_success_of_another_kind_proves_no_write(status: int) -> None:
    """Only 204 is the API's answer to a PATCH."""
    with client(json_answer(status, {})) as (made, _), pytest.raises(errors.ResponseError):
        made.upsert_secrets(ORG, {"K": "v"})


@pytest.mark.parametrize(
    ("secrets", "kind", "says"),
    [
        ({"K": None}, TypeError, "the value of key 'K' must be a str, not NoneType"),
        ({"K": 31337}, TypeError, "the value of key 'K' must be a str, not int"),
        ({"K": b"hunter2"}, TypeError, "the value of key 'K' must be a str, not bytes"),
        ({7: "hunter2"}, TypeError, "the key '7' must be a str, not int"),
        ({"": "hunter2"}, errors.DeclarationError, "a key must not be empty"),
        ({"K": "hunter2\ud800"}, errors.DeclarationError, "the value of key 'K' is not valid text"),
        ({"\udfff": "hunter2"}, errors.DeclarationError, r"the key '\udfff' is not valid text"),
    ],
)
def test_upsert_what_cannot_be_sent_is_refused_unseen(secrets: object, kind: type[Exception], says: str) -> None:
    """What JSON or UTF-8 cannot carry is refused before any request, without the value, here or in the context."""
    with client(DONE) as (made, seen):
        write: Callable[..., None] = made.upsert_secrets
        with pytest.raises(kind) as caught:
            write(ORG, secrets)
        assert seen == []
    assert str(caught.value).startswith(says)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("keys", "named"),
    [(["A"], "'A'"), (["A", "B", "C"], "'A' and 2 more"), (["k" * 32_000], f"'{'k' * 99}…'"), (["a\nb"], r"'a\nb'")],
)
def test_upsert_error_names_the_keys_shortly(keys: list[str], named: str) -> None:
    """The line names the first key, escaped and shortened, and counts the rest."""
    refusal = json_answer(413, {"code": "request too large", "message": "key too large"})
    with client(refusal) as (made, _), pytest.raises(errors.RequestTooLargeError) as caught:
        made.upsert_secrets(ORG, dict.fromkeys(keys, "v"))
    assert str(caught.value).startswith(f"cannot write secret {named} of org {ORG}: HTTP 413 from ")


# delete_secret, delete_secrets


@pytest.mark.parametrize("key", ["A", "a.b", "~", "-", "_", ".a", "a.", "delete", "A" * 300])
def test_delete_plain_key_uses_the_delete_route(key: str) -> None:
    """A key of unreserved characters is the path's last part, as it is."""
    with client(DONE) as (made, seen):
        made.delete_secret(ORG, key)
        assert asked(seen) == [("DELETE", f"{SECRETS}/{key}")]


@pytest.mark.parametrize(
    "key",
    [
        "",
        ".",
        "..",
        "...",
        " ",
        "a b",
        "a/b",
        "a,b",
        "%2F",
        "%",
        "ключ",
        "\0",
        "a\n",
        "x=1&y",
        *"!\"#$&'()*+,/:;<=>?@[\\]^`{|}",
    ],
)
def test_delete_other_key_uses_the_post_route(key: str) -> None:
    """A key that some path library would change travels in a body."""
    with client(DONE) as (made, seen):
        made.delete_secret(ORG, key)
        assert asked(seen) == [("POST", f"{SECRETS}/delete")]
        assert json.loads(seen[0].body) == {"secrets": [key]}


@pytest.mark.parametrize("missing", NO_ROUTE)
def test_delete_missing_delete_route_falls_back_to_post(missing: Step) -> None:
    """A server without the DELETE route still removes the key."""
    with client(missing, DONE) as (made, seen):
        made.delete_secret(ORG, "K")
        assert asked(seen) == [("DELETE", f"{SECRETS}/K"), ("POST", f"{SECRETS}/delete")]


@pytest.mark.parametrize("missing", NO_ROUTE)
def test_delete_many_missing_post_route_falls_back_to_delete(missing: Step) -> None:
    """A server without the POST route removes the keys one by one."""
    with client(missing, DONE) as (made, seen):
        made.delete_secrets(ORG, ["A", "B"])
        assert asked(seen) == [("POST", f"{SECRETS}/delete"), ("DELETE", f"{SECRETS}/A"), ("DELETE", f"{SECRETS}/B")]


def test_delete_many_missing_post_route_does_not_half_remove() -> None:
    """Where a path cannot carry one of the keys, none is removed."""
    with client(answer(405), DONE) as (made, seen):
        with pytest.raises(errors.MethodNotAllowedError):
            made.delete_secrets(ORG, ["A", "a/b"])
        assert asked(seen) == [("POST", f"{SECRETS}/delete")]


def test_delete_unknown_org_fails_with_the_first_answer() -> None:
    """Both routes say 404: the error is the API's, and names the call that was meant."""
    with client(NO_ORG) as (made, seen):
        with pytest.raises(errors.NotFoundError, match=f"cannot remove secret 'K' of org {ORG}") as caught:
            made.delete_secret(ORG, "K")
        assert caught.value.method == "DELETE"
        assert len(seen) == 2


@pytest.mark.parametrize("status", [401, 400])
def test_delete_refusal_takes_no_other_route(status: int) -> None:
    """A refusal is no missing route."""
    with client(json_answer(status, {})) as (made, seen):
        with pytest.raises(errors.APIError):
            made.delete_secret(ORG, "K")
        with pytest.raises(errors.APIError):
            made.delete_secrets(ORG, ["K"])
        assert len(seen) == 2


def test_delete_html_refusal_takes_no_other_route() -> None:
    """A proxy's error page is no missing route."""
    with client(answer(403, "<html>", content_type="text/html")) as (made, seen):
        with pytest.raises(errors.ResponseError):
            made.delete_secret(ORG, "K")
        assert len(seen) == 1


def test_delete_second_route_failing_otherwise_is_what_is_raised() -> None:
    """When the other route fails for a reason of its own, that reason is told."""
    refusal = json_answer(401, {"code": "unauthorized"})
    with client(answer(405), refusal) as (made, _), pytest.raises(errors.UnauthorizedError):
        made.delete_secret(ORG, "K")


def test_delete_many_sends_one_post_with_each_key_once() -> None:
    """Any iterable, any key: one transaction."""
    with client(DONE) as (made, seen):
        made.delete_secrets(ORG, iter(["a/b", "A", "a/b"]))
        (one,) = seen
    assert (one.method, one.target) == ("POST", f"{SECRETS}/delete")
    assert json.loads(one.body) == {"secrets": ["a/b", "A"]}


def test_delete_nothing_makes_no_request() -> None:
    """No keys, no request."""
    with client(DONE) as (made, seen):
        made.delete_secrets(ORG, ())
        assert seen == []


# find_org, org_exists


def test_find_org_asks_by_name_and_takes_the_exact_one() -> None:
    """The name goes into the query, escaped; an org of another name in the answer is not taken."""
    orgs = [{"id": "1" * 16, "name": "other"}, {"id": ORG, "name": "a&b", "links": {}}]
    with client(json_answer(200, {"orgs": orgs})) as (made, seen):
        assert made.find_org("a&b") == Org(ORG, "a&b")
        assert asked(seen) == [("GET", "/api/v2/orgs?org=a%26b")]


@pytest.mark.parametrize(
    "step",
    [
        json_answer(200, {"orgs": []}),
        json_answer(200, {"orgs": [{"id": ORG, "name": "Acme"}]}),
        json_answer(404, {"code": "not found", "message": 'organization name "acme" not found'}),
    ],
)
def test_find_org_that_is_not_there_names_both_causes(step: Step) -> None:
    """404, and the empty list for a token that may not read it, are one error with both causes."""
    with client(step) as (made, _), pytest.raises(errors.NotFoundError) as caught:
        made.find_org("acme")
    assert caught.value.code == "not found"
    assert str(caught.value).startswith("cannot find the org named 'acme': ")
    assert "either there is no org of that name, or the token may not read it" in str(caught.value)


@pytest.mark.parametrize("body", [[], {"orgs": {}}, {"orgs": [5]}, {"orgs": [{"id": 5, "name": "acme"}]}])
def test_find_org_answer_of_another_shape_is_not_the_apis(body: object) -> None:
    """A list of anything but orgs is no answer."""
    with client(json_answer(200, body)) as (made, _), pytest.raises(errors.ResponseError):
        made.find_org("acme")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (json_answer(200, {"id": ORG, "name": "acme"}), True),
        (json_answer(404, {"code": "not found", "message": "organization not found"}), False),
        (json_answer(401, {"code": "unauthorized", "message": f"read:orgs/{ORG} is unauthorized"}), None),
    ],
)
def test_org_exists_tells_absent_from_unknown(step: Step, expected: object) -> None:
    """True, False only when confirmed, None where the token may not know."""
    with client(step) as (made, seen):
        assert made.org_exists(ORG.upper()) is expected
        assert asked(seen) == [("GET", f"/api/v2/orgs/{ORG.upper()}")]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (json_answer(404, {"code": "not found", "message": "path not found"}), errors.NotFoundError),
        (json_answer(404, {"message": "organization not found"}), errors.NotFoundError),
        (json_answer(401, {"code": "unauthorized", "message": "unauthorized access"}), errors.UnauthorizedError),
        (json_answer(401, {"code": "unauthorized"}), errors.UnauthorizedError),
        (answer(404, "nothing here", content_type="text/html"), errors.ResponseError),
        (json_answer(200, {"id": 5}), errors.ResponseError),
    ],
)
def test_org_exists_anything_else_is_an_error(step: Step, kind: type[Exception]) -> None:
    """A wrong token, a wrong path or another program prove nothing about the org."""
    with client(step) as (made, _), pytest.raises(kind):
        made.org_exists(ORG)


# query, server_version


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
    assert str(caught.value).endswith(f"stopped midway{quoted}")


def test_query_script_that_cannot_be_sent_is_refused() -> None:
    """Half a surrogate pair is no Flux."""
    with client(DONE) as (made, _), pytest.raises(errors.DeclarationError, match="the Flux script is not valid text"):
        made.query(ORG, "\ud800")


def test_version_is_that_of_health_and_needs_no_token() -> None:
    """`/health` is asked; a server that does not tell is not InfluxDB."""
    with ScriptedServer(json_answer(200, {"version": "v2.9.1"}), json_answer(200, {})) as server:
        made = SecretsClient(Settings(url=server.url))
        assert made.server_version() == "v2.9.1"
        assert asked(server.requests) == [("GET", "/health")]
        with pytest.raises(errors.ResponseError):
            made.server_version()
