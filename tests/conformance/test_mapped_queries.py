"""Flux over a list of keys, as value proofs use it: `array.map` and `experimental.catch`, on both servers."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
from collections.abc import Iterable

import pytest
from flux import flux_string
from wire import Reply, Wire

IMPORTS = """\
import "array"
import "contrib/qxip/hash"
import "experimental"
import "influxdata/influxdb/secrets"
"""
SIGNED = 'hash.hmac(v: hash.sha256(v: "p/" + {key} + ":" + {value}), k: "n")'
FAST = f"array.map(fn: (x) => ({{h: {SIGNED.format(key='x', value='secrets.get(key: x)')}}}))"
CAUGHT = (
    "array.map(fn: (x) => ({k: x, r: experimental.catch(fn: () => secrets.get(key: x))})) |> array.map(fn: (x) => "
    f'({{h: if exists x.r.value then {SIGNED.format(key="x.k", value="x.r.value")} else "none", m: x.r.msg}}))'
)
CAUGHT_AROUND_THE_HASH = (
    f"array.map(fn: (x) => experimental.catch(fn: () => {SIGNED.format(key='x', value='secrets.get(key: x)')})) "
    '|> array.map(fn: (x) => ({h: if exists x.value then x.value else "none", m: x.msg}))'
)
NO_SECRET = "secret not found"


def ask(wire: Wire, keys: Iterable[str], mapped: str, token: str | None = "operator") -> Reply:
    """Ask for one row a key."""
    listed = ", ".join(flux_string(key) for key in keys)
    return wire.query(f"{IMPORTS}array.from(rows: [{listed}] |> {mapped})", token=token)


def rows(reply: Reply) -> list[tuple[str, ...]]:
    """Return the cells of the columns h and m, or of one of them; influxd 2.9.1 orders columns of a map at random."""
    assert reply.status == 200, reply
    read = csv.DictReader(io.StringIO(reply.body.decode(), newline=""))
    return [tuple(row[name] for name in ("h", "m") if name in row) for row in read]


def signature(key: str, value: str) -> str:
    digest = hashlib.sha256(f"p/{key}:{value}".encode()).hexdigest()
    return base64.b64encode(hmac.digest(b"n", digest.encode(), "sha1")).decode()


def test_mapped_list_gives_a_row_for_each_element_in_its_order(wire: Wire) -> None:
    """A key that is listed twice has two rows; keys may hold any character."""
    secrets = {"a": "1", "ключ": "значение", '$"\\': "line\nline", "a\0b": "x" * 10_000}
    wire.put(**secrets)
    keys = [*secrets, "a", *reversed(secrets)]
    assert rows(ask(wire, keys, FAST)) == [(signature(key, secrets[key]),) for key in keys]


@pytest.mark.parametrize(("text", "separator"), [("a,b", ","), (",a,,b,", ","), ("a", "b"), ("", ","), ("aXXbX", "XX")])
def test_string_is_split_into_what_is_between_the_separators(wire: Wire, text: str, separator: str) -> None:
    """What is empty counts, too."""
    split = f"strings.split(v: {flux_string(text)}, t: {flux_string(separator)})"
    reply = wire.query(
        f'import "strings"\n{IMPORTS}array.from(rows: {split} |> array.map(fn: (x) => ({{h: "<" + x}})))'
    )
    assert rows(reply) == [(f"<{part}",) for part in text.split(separator)]


@pytest.mark.parametrize("missing", ["none", "empty"])
def test_mapped_list_with_an_unreadable_key_is_404_without_its_row(wire: Wire, missing: str) -> None:
    """The place is that of the call of `array.map`, whichever key it is."""
    wire.put(a="1", empty="")
    reply = ask(wire, ["a", missing], FAST)
    start = len(f'array.from(rows: ["a", "{missing}"] |> ') + 1
    message = f'error calling function \\"map\\" @5:{start}-5:{start + len(FAST)}: {NO_SECRET}'
    assert (reply.status, reply.body.decode()) == (404, f'{{"code":"not found","message":"{message}"}}')


@pytest.mark.parametrize("mapped", [CAUGHT, CAUGHT_AROUND_THE_HASH], ids=["get", "hash"])
@pytest.mark.parametrize("keys", [["a", "none", "empty", "b"], ["empty", "a"], ["none"], ["b", "a"]], ids=str)
def test_caught_list_answers_for_each_key(wire: Wire, keys: list[str], mapped: str) -> None:
    """A signature, or the bare reason for which there is none, whichever key comes first."""
    secrets = {"a": "1", "b": "2"}
    wire.put(**secrets, empty="")
    expected = [(signature(key, secrets[key]), "") if key in secrets else ("none", NO_SECRET) for key in keys]
    assert rows(ask(wire, keys, mapped)) == expected


def test_mapped_list_without_read_secrets_is_401_and_caught_it_is_200(wire: Wire) -> None:
    """Caught, the reason for each key names the permission."""
    wire.put(a="1")
    token = wire.server.create_token(wire.org, read_secrets=False)
    refused = f"read:orgs/{wire.org_id}/secrets is unauthorized"
    reply = ask(wire, ["a", "none"], FAST, token)
    assert reply.status == 401
    assert refused.replace(wire.org_id, "<org>").encode() in reply.body
    caught = rows(ask(wire, ["a", "none"], CAUGHT, token))
    assert caught == [("none", refused.replace(wire.org_id, "<org>"))] * 2


@pytest.mark.parametrize(
    ("member", "first", "second"),
    [("msg", b"", NO_SECRET.encode()), ("code", b"", b"2"), ("value", b"v", b"")],
)
def test_caught_member_makes_a_column(wire: Wire, member: str, first: bytes, second: bytes) -> None:
    """The code is 2 for whatever is missing; what is null is an empty cell."""
    wire.put(a="v")
    reply = ask(wire, ["a", "none"], f"array.map(fn: (x) => ({{h: {caught(member)}}}))")
    assert reply.body == b",result,table,h\r\n,_result,0,%s\r\n,_result,0,%s\r\n\r\n" % (first, second)


def caught(member: str) -> str:
    return f"experimental.catch(fn: () => secrets.get(key: x)).{member}"


def test_caught_outside_of_a_list_the_message_has_the_place(wire: Wire) -> None:
    """Flux names no places within a function that `array.map` runs, and elsewhere it does."""
    reply = wire.query(f'{IMPORTS}array.from(rows: [{{m: experimental.catch(fn: () => secrets.get(key: "no")).msg}}])')
    assert rows(reply) == [('error calling function "get" @5:52-5:74: secret not found',)]


def test_list_of_records_is_mapped_too(wire: Wire) -> None:
    """By name or by pipe, and a result in parentheses is the same."""
    wire.put(a="1")
    mapped = "fn: (x) => ({h: (secrets.get(key: x.k)) + x.k})"
    for script in (
        f'array.from(rows: array.map(arr: [{{k: "a"}}], {mapped}))',
        f'[{{k: "a"}}] |> array.map({mapped}) |> array.from()',
    ):
        assert rows(wire.query(IMPORTS + script)) == [("1a",)]


@pytest.mark.parametrize(
    "mapped",
    [
        "array.map(fn: (key) => ({h: key}))",
        "array.map(fn: (x) => {h: x})",
        "array.map(fn: (x) => x)",
        "array.map(fn: (x) => ({h: x.k}))",
        "array.map(fn: (x) => ({h: {k: x}}))",
        "array.map(fn: (x) => ({h: {k: x}.a}))",
        "array.map(fn: () => ({h: x}))",
        'array.map(fn: (x) => ({h: if x then "a" else "b"}))',
        "array.map(fn: (x) => ({h: experimental.catch(fn: (x) => x).msg}))",
        "array.map(fn: (x) => ({h: y}))",
    ],
)
def test_mapped_list_of_something_else_is_400(wire: Wire, mapped: str) -> None:
    """Whatever is wrong with it: 400 with the code `invalid`."""
    reply = ask(wire, ["a"], mapped)
    assert (reply.status, reply.headers["X-Platform-Error-Code"]) == (400, "invalid")


def test_mapped_list_that_is_empty_is_400(wire: Wire) -> None:
    """There is no table without rows."""
    reply = ask(wire, [], FAST)
    assert reply.status == 400
    assert b'error calling function \\"from\\" @5:1-5:' in reply.body
    assert b"rows must be non-empty" in reply.body
