"""The calls on secrets: what facts.md says of each, on the emulator and on the real server."""

from __future__ import annotations

import json

import pytest
from wire import Wire, error

NO_SECRETS = (
    b'{\n\t"links": {\n\t\t"org": "/api/v2/orgs/<org>",\n\t\t"self": "/api/v2/orgs/<org>/secrets"\n\t},\n'
    b'\t"secrets": []\n}'
)
KEYS = ["a", "a/b", "a,b", "x=1&y", "ключ", "a b", "%2F", "😀", "a\nb", "a\0b", "<&>", '"\\', "k" * 32_752, ""]


def test_list_without_secrets_is_empty_with_links(wire: Wire) -> None:
    """An org without secrets lists none, with two links and indented by tabs."""
    reply = wire.secrets("GET")
    assert (reply.status, reply.body) == (200, NO_SECRETS)
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"


def test_list_is_sorted_by_bytes(wire: Wire) -> None:
    """Keys come in the order of their UTF-8 bytes, whatever the order of writing."""
    keys = ["é", "b", "Z", "a", "😀", "\uffee", "_"]
    wire.secrets("PATCH", "", json.dumps(dict.fromkeys(keys, "v")))
    assert json.loads(wire.secrets("GET").body)["secrets"] == ["Z", "_", "a", "b", "é", "\uffee", "😀"]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ascii(key)[:20])
def test_patch_any_key_is_listed_read_and_removed(wire: Wire, key: str) -> None:
    """Any key up to 32,752 bytes, even the empty one, is written, found, readable in Flux and really removed."""
    assert wire.secrets("PATCH", "", json.dumps({key: "value of it"})).status == 204
    assert wire.keys == [key]
    assert wire.values == {key: "value of it"}
    assert wire.secrets("POST", "/delete", json.dumps({"secrets": [key]})).status == 204
    assert wire.keys == []


@pytest.mark.parametrize(
    "value", ["v", "ключ", "a\r\nb", "a\0b", '"\\${x}', "v" * 100_000], ids=lambda v: ascii(v)[:20]
)
def test_patch_any_value_is_kept_exactly(wire: Wire, value: str) -> None:
    """Flux reads exactly the value that was sent."""
    wire.secrets("PATCH", "", json.dumps({"k": value}))
    assert wire.values == {"k": value}


def test_post_delete_removes_present_and_ignores_absent_keys(wire: Wire) -> None:
    """Keys that are not there do not hinder the others."""
    wire.put(a="1", b="2", c="3")
    assert wire.secrets("POST", "/delete", '{"secrets": ["a", "nothing", "c"]}').status == 204
    assert wire.keys == ["b"]


@pytest.mark.parametrize(
    ("method", "below"),
    [("PUT", ""), ("POST", ""), ("DELETE", ""), ("DELETE", "/"), ("GET", "/k"), ("GET", "/delete"), ("HEAD", "")],
)
def test_wrong_method_is_405_without_a_body(wire: Wire, method: str, below: str) -> None:
    """The router's own refusal: no JSON, no code."""
    reply = wire.secrets(method, below)
    assert (reply.status, reply.body) == (405, b"")
    assert "X-Platform-Error-Code" not in reply.headers


def test_unknown_org_is_404_page_not_found(wire: Wire) -> None:
    """An org that does not exist: 404 with a message that names no org, whatever the call."""
    for method, below, body in [("GET", "", None), ("PATCH", "", "{}"), ("DELETE", "/k", None), ("PUT", "", None)]:
        reply = wire.send(method, f"/api/v2/orgs/0000000000000001/secrets{below}", body)
        assert (reply.status, reply.body) == (404, error("not found", "404 page not found"))
        assert reply.headers["X-Platform-Error-Code"] == "not found"


@pytest.mark.parametrize(
    ("org_id", "problem"),
    [("xyz", "id must have a length of 16 bytes"), ("z" * 16, "invalid ID"), ("0" * 16, "invalid ID")],
)
def test_malformed_org_id_is_400(wire: Wire, org_id: str, problem: str) -> None:
    """An id of another length, without hexadecimal digits, or of zeros."""
    reply = wire.send("GET", f"/api/v2/orgs/{org_id}/secrets")
    assert (reply.status, reply.body) == (400, error("invalid", f"corrupt ID provided: {problem}"))


def test_org_id_in_capitals_is_the_same_org(wire: Wire) -> None:
    """Ids are numbers: capitals do not matter, and the links have small letters."""
    reply = wire.send("GET", f"/api/v2/orgs/{wire.org_id.upper()}/secrets")
    assert (reply.status, reply.body) == (200, NO_SECRETS)
