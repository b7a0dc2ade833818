"""The client's calls: what each sends, what it makes of the answer, and which route it takes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from scripted_server import ScriptedServer, Step, answer, json_answer, reset
from sending import ORG, SECRETS, TOKEN, asked, client, transport

from influx_secrets import _errors as errors
from influx_secrets._client.client import Org, SecretsClient
from influx_secrets._client.retry import PREVIEW_POLICY
from influx_secrets._client.settings import Settings

DONE = answer(204)
NO_ORG = json_answer(404, {"code": "not found", "message": "404 page not found"})


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


def test_client_with_another_policy_shares_the_connection() -> None:
    """In a preview: one attempt, no connection of its own."""
    with ScriptedServer(json_answer(200, {"secrets": []}), reset) as server:
        made = SecretsClient._over(transport(server.url))
        made.list_secret_keys(ORG)
        with pytest.raises(errors.NoAnswerError):
            made.with_policy(PREVIEW_POLICY).list_secret_keys(ORG)
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
            with pytest.raises(errors.DeclarationError, match="is not 16 hexadecimal digits: for a name, use org="):
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
    assert f"cannot list the secret keys of the org {ORG}: HTTP 200 from http://" in str(caught.value)


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
        '("404 page not found"). The org does not exist, or the token has no permission to read the org. Check org, '
        "url and token (IS309)"
    )


def test_list_404_of_a_gateway_is_not_called_a_missing_org() -> None:
    """The server says that the org exists and shows it: then something else answered for its secrets."""
    found = json_answer(200, {"orgs": [{"id": ORG, "name": "acme"}]})
    with client(NO_ORG, found) as (made, _), pytest.raises(errors.NotFoundError) as caught:
        made.list_secret_keys(ORG)
    assert '("404 page not found"). The org exists, but a proxy or gateway ' in str(caught.value)


def test_list_unauthorized_names_the_permission() -> None:
    """A 401 says which permission is missing, and names the org as it was looked up, if it was."""
    refusal = json_answer(401, {"code": "unauthorized", "message": f"read:orgs/{ORG}/secrets is unauthorized"})
    found = json_answer(200, {"orgs": [{"id": ORG, "name": "acme"}]})
    for steps, org in (((refusal,), ORG), ((found, refusal), f'"acme" ({ORG})')):
        with client(*steps) as (made, _), pytest.raises(errors.UnauthorizedError) as caught:
            made.list_secret_keys(made.find_org("acme").id if found in steps else ORG)
        assert str(caught.value).startswith(f"cannot list the secret keys of the org {org}: ")
        assert str(caught.value).endswith(
            "lacks the permission to read the secrets of this org. Use a token with this permission (IS303)"
        )


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
    ("secrets", "says"),
    [
        ({"K": None}, 'the value of the key "K" must be a string, not None'),
        ({"K": 31337}, 'the value of the key "K" must be a string, not int'),
        ({"K": b"hunter2"}, 'the value of the key "K" must be a string, not bytes'),
        ({7: "hunter2"}, 'the key "7" must be a string, not int'),
        ({"": "hunter2"}, "a key must not be empty"),
        ({"K": "hunter2\ud800"}, 'the value of the key "K" cannot be sent as UTF-8'),
        ({"\udfff": "hunter2"}, r'the key "\udfff" cannot be sent as UTF-8'),
    ],
)
def test_upsert_what_cannot_be_sent_is_refused_unseen(secrets: object, says: str) -> None:
    """What JSON or UTF-8 cannot carry is refused before any request, without the value, here or in the context."""
    with client(DONE) as (made, seen):
        write: Callable[..., None] = made.upsert_secrets
        with pytest.raises(errors.DeclarationError) as caught:
            write(ORG, secrets)
        assert seen == []
    assert str(caught.value).startswith(says)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("keys", "named"),
    [(["A"], '"A"'), (["A", "B", "C"], '"A" and 2 more'), (["k" * 32_000], f'"{"k" * 80}…"'), (["a\nb"], r'"a\nb"')],
)
def test_upsert_error_names_the_keys_shortly(keys: list[str], named: str) -> None:
    """The line names the first key, escaped and shortened, and counts the rest."""
    refusal = json_answer(413, {"code": "request too large", "message": "key too large"})
    with client(refusal) as (made, _), pytest.raises(errors.RequestTooLargeError) as caught:
        made.upsert_secrets(ORG, dict.fromkeys(keys, "v"))
    assert str(caught.value).startswith(f"cannot write the secret {named} of the org {ORG}: HTTP 413 from ")


# find_org, org_exists


def test_find_org_asks_by_name_and_takes_the_exact_one() -> None:
    """The name goes into the query, escaped; an org of another name in the answer is not taken."""
    orgs = [{"id": "1" * 16, "name": "other"}, {"id": ORG, "name": "a&b", "links": {}}]
    with client(json_answer(200, {"orgs": orgs})) as (made, seen):
        assert made.find_org("a&b") == Org(ORG, "a&b")
        assert asked(seen) == [("GET", "/api/v2/orgs?org=a%26b")]


@pytest.mark.parametrize("name", ["acme ", "\tacme\n", "\u00a0acme"])
def test_find_org_with_white_space_around_its_name_finds_it(name: str) -> None:
    """Names are trimmed by influxd (2.9.1), when made and when looked up; the answer has the name itself."""
    with client(json_answer(200, {"orgs": [{"id": ORG, "name": "acme"}]})) as (made, _):
        assert made.find_org(name) == Org(ORG, "acme")


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (json_answer(200, {"orgs": []}), "the token has no permission to read this org"),
        (json_answer(200, {"orgs": [{"id": ORG, "name": "Acme"}]}), "the token has no permission to read this org"),
        (
            json_answer(404, {"code": "not found", "message": 'organization name "acme" not found'}),
            "No org has this name. Check the name and the url",
        ),
    ],
)
def test_find_org_that_is_not_there_names_its_cause(step: Step, says: str) -> None:
    """404 for a name that nobody has, the empty list for an org that the token may not read."""
    with client(step, json_answer(200, {})) as (made, _), pytest.raises(errors.NotFoundError) as caught:
        made.find_org("acme")
    assert caught.value.code == "not found"
    assert str(caught.value).startswith('cannot look up the org named "acme"')
    assert says in str(caught.value)


@pytest.mark.parametrize("body", [[], {"orgs": {}}, {"orgs": [5]}, {"orgs": [{"id": 5, "name": "acme"}]}])
def test_find_org_answer_of_another_shape_is_not_the_apis(body: object) -> None:
    """A list of anything but orgs is no answer."""
    with client(json_answer(200, body)) as (made, _), pytest.raises(errors.ResponseError):
        made.find_org("acme")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (json_answer(200, {"orgs": [{"id": ORG, "name": "acme"}]}), True),
        (
            json_answer(
                404, {"code": "not found", "message": "organization not found"}, x_platform_error_code="not found"
            ),
            False,
        ),
        (json_answer(200, {"orgs": []}), None),
    ],
)
def test_org_exists_tells_absent_from_unknown(step: Step, expected: object) -> None:
    """True, False only when confirmed, None where the token may not know."""
    with client(step) as (made, seen):
        assert made.org_exists(ORG.upper()) is expected
        assert asked(seen) == [("GET", f"/api/v2/orgs?orgID={ORG}")]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (json_answer(404, {"code": "not found", "message": "path not found"}), errors.NotFoundError),
        (json_answer(404, {"message": "organization not found"}), errors.ResponseError),
        (json_answer(401, {"code": "unauthorized", "message": "unauthorized access"}), errors.UnauthorizedError),
        (json_answer(401, {"code": "unauthorized"}), errors.UnauthorizedError),
        (answer(404, "nothing here", content_type="text/html"), errors.ResponseError),
        (json_answer(200, {"orgs": 5}), errors.ResponseError),
    ],
)
def test_org_exists_anything_else_is_an_error(step: Step, kind: type[Exception]) -> None:
    """A wrong token, a wrong path or another program prove nothing about the org."""
    with client(step) as (made, _), pytest.raises(kind):
        made.org_exists(ORG)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (json_answer(401, {"code": "unauthorized", "message": "token is inactive"}), True),
        (json_answer(401, {"code": "unauthorized", "message": f"read:users/{ORG} is unauthorized"}), False),
        (json_answer(200, {"id": ORG}), False),
    ],
)
def test_inactive_token_is_told_from_a_poor_one(step: Step, expected: object) -> None:
    """The server says it in words; a token without the permission to read its user is active."""
    with client(step) as (made, seen):
        assert made.is_token_inactive() is expected
        assert asked(seen) == [("GET", "/api/v2/me")]
