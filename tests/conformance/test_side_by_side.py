"""Random requests to both servers at once: same status, body, headers and effect, or the emulator is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import flux_string

if TYPE_CHECKING:
    from wire import Wire

pytestmark = pytest.mark.influxd

ATOMS = ["a", "b", "K", "/", "%", "%2F", "%2f", ",", "+", " ", "é", "ключ", "😀", "\n", '"', "\\", "&", "=", "?", "#"]
MORE_ATOMS = [";", ":", "@", "$", "~", ".", "${", "$$", "\0", "'", "<", "\x7f", "\u2028", "delete", "*", "!"]
POOL = ["k", "a/b", "a%2Fb", "ключ", "a b", "a,b", "$", "delete"]

keys = st.sampled_from(POOL) | st.lists(st.sampled_from(ATOMS + MORE_ATOMS), max_size=4).map("".join)
values = st.sampled_from(["v", "", "a\nb", 'q"u', "${x}", "$\\", "\0"]) | st.text(max_size=5)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn, bodies: st.SearchStrategy[str]) -> bytes:
    """A body with a stretch of it replaced by a few bytes, often none: cut, glued or garbled JSON."""
    body = draw(bodies).encode()
    start = draw(st.integers(0, len(body)))
    length = draw(st.sampled_from([0, 1, 2, len(body)]))
    junk = draw(
        st.sampled_from(
            [b"", b"}", b",", b'"', b"\\", b"\xff", b"\xc3", b"\n", b"0", b"-", b"tru", b"\\ud800", b"\\u00"]
        )
    )
    return body[:start] + junk + body[start + length :]


def encoded(key: str, style: str) -> str:
    """Write a key into a path in one of the ways that clients do."""
    safe = {"python": "", "go segment": "$&+:=@", "go path": "$&+,/:;=@", "whole path": "/"}[style.removesuffix("!")]
    text = quote(key, safe=safe)
    return text.lower() if style.endswith("!") else text


targets = st.builds(
    lambda key, style: "/" + encoded(key, style),
    keys,
    st.sampled_from(["python", "go segment", "go path", "whole path", "python!"]),
)
other_targets = targets | st.sampled_from(
    ["", "/", "//", "/delete", "/delete/", "/a/b", "/a/", "/%zz", "?x=1", "/k?x#y"]
)
json_of = json.dumps
patches = st.dictionaries(keys, values, max_size=4).map(json_of) | st.dictionaries(
    keys, values | st.none() | st.integers(), max_size=3
).map(lambda body: json.dumps(body, ensure_ascii=False))
deletions = st.builds(lambda some: json.dumps({"secrets": some}), st.lists(keys | st.none(), max_size=4))


def proof(some: list[str]) -> str:
    """Return a script that proves values."""
    rows = [f'{{k: {flux_string(key)}, h: hash.sha256(v: "p" + secrets.get(key: {flux_string(key)}))}}' for key in some]
    imports = 'import "array"\nimport "influxdata/influxdb/secrets"\nimport "contrib/qxip/hash"\n'
    return f"{imports}array.from(rows: [{', '.join(rows)}])"


Request = tuple[str, str, "str | bytes | None"]
"""Method, what follows `/secrets` in the path (or a query, for FLUX), body."""

requests: st.SearchStrategy[Request] = st.one_of(
    st.tuples(st.just("PATCH"), st.just(""), patches),
    st.tuples(st.just("PATCH"), st.just(""), damaged(patches) | anything.map(json_of)),
    st.tuples(st.just("POST"), st.just("/delete"), deletions),
    st.tuples(st.just("POST"), st.just("/delete"), damaged(deletions) | anything.map(json_of)),
    st.tuples(st.just("DELETE"), targets, st.none()),
    st.tuples(st.just("FLUX"), st.just(""), st.lists(keys, min_size=1, max_size=3).map(proof)),
    st.tuples(st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS"]), other_targets, st.none()),
)
TOKENS: dict[str, tuple[bool, bool, bool]] = {
    "all": (True, True, True),
    "no org": (False, True, True),
    "no read": (True, False, True),
    "no write": (True, True, False),
}


def replies(pair: tuple[Wire, Wire], tokens: dict[str, tuple[str, str]], who: str, request: Request) -> list[object]:
    """Send one request to both and return what each answered and what its org then holds."""
    seen: list[object] = []
    for position, wire in enumerate(pair):
        token = {"operator": "operator", "nobody": None}.get(who) if who not in TOKENS else tokens[who][position]
        method, below, body = request
        if method == "FLUX":
            reply = wire.query(str(body), token=token)
        else:
            reply = wire.send(method, f"/api/v2/orgs/ORG/secrets{below}", body, token=token)
        seen.append((reply, wire.keys))
    return seen


@pytest.fixture(scope="module")
def tokens(pair: tuple[Wire, Wire]) -> dict[str, tuple[str, str]]:
    """Tokens with the same permissions on both servers."""
    made = {}
    for name, (read_org, read_secrets, write_secrets) in TOKENS.items():
        first, second = (
            wire.server.create_token(
                wire.org, read_org=read_org, read_secrets=read_secrets, write_secrets=write_secrets
            )
            for wire in pair
        )
        made[name] = (first, second)
    return made


@settings(
    max_examples=250,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["operator", "operator", "operator", *TOKENS, "nobody"]), requests),
        min_size=1,
        max_size=6,
    )
)
def test_random_requests_are_answered_alike(
    pair: tuple[Wire, Wire], tokens: dict[str, tuple[str, str]], steps: list[tuple[str, Request]]
) -> None:
    """Whatever is sent, in any order: the same answers, and in the end the same keys with the same values."""
    for wire in pair:
        wire.secrets("POST", "/delete", json.dumps({"secrets": wire.keys}))
        wire.secrets("PATCH", "", json.dumps(dict.fromkeys(POOL, "before")))
    for who, request in steps:
        emulated, real = replies(pair, tokens, who, request)
        assert emulated == real, (who, request)
    emulated_values, real_values = (wire.values for wire in pair)
    assert emulated_values == real_values
