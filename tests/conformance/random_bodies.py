"""Random bodies for the calls of the API: good JSON, nearly good JSON, damaged bytes, and Flux."""

from __future__ import annotations

import json
from typing import Any

from flux import flux_string
from hypothesis import strategies as st

ATOMS = ["a", "b", "K", "/", "%", "%2F", "%2f", ",", "+", " ", "é", "ключ", "😀", "\n", '"', "\\", "&", "=", "?", "#"]
MORE_ATOMS = [";", ":", "@", "$", "~", ".", "${", "$$", "\0", "'", "<", "\x7f", "\u2028", "delete", "*", "!", "e\u0301"]
POOL = ["k", "a/b", "a%2Fb", "ключ", "a b", "a,b", "$", "delete"]
"""Keys that are often there, so that requests meet something."""

JUNK = [b"", b"}", b",", b'"', b"\\", b"\xff", b"\xc3", b"\n", b"0", b"-", b"tru", b"\\ud800", b"\\u00", b"\x00", b"]"]
LARGEST = 32_752
"""Bytes of the longest key that influxd takes."""

keys = st.sampled_from(POOL) | st.lists(st.sampled_from(ATOMS + MORE_ATOMS), max_size=4).map("".join)
long_keys = st.sampled_from([LARGEST - 1, LARGEST, LARGEST + 1, 2 * LARGEST]).map(lambda length: "k" * length)
values = st.sampled_from(["v", "", "a\nb", 'q"u', "${x}", "$\\", "\0", "\r\n", " x", "x" * 2000]) | st.text(max_size=5)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn, bodies: st.SearchStrategy[bytes]) -> bytes:
    """A body with a stretch of it replaced by a few bytes, often none: cut, glued or garbled JSON."""
    body = draw(bodies)
    start = draw(st.integers(0, len(body)))
    length = draw(st.sampled_from([0, 1, 2, len(body)]))
    return body[:start] + draw(st.sampled_from(JUNK)) + body[start + length :]


@st.composite
def written(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> bytes:
    """A value as JSON, escaped or not, spaced or not, with more behind it or not."""
    spaces = draw(st.sampled_from([None, (",", ":")]))
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans()), separators=spaces)
    before, after = draw(st.sampled_from([("", ""), ("", ""), (" \r\n\t", " "), ("", "\n{}"), ("", "garbage")]))
    return (before + text + after).encode("utf-8", "surrogatepass")


@st.composite
def repeated(draw: st.DrawFn, names: st.SearchStrategy[str], items: st.SearchStrategy[Any]) -> bytes:
    """An object whose names may come twice."""
    pairs = draw(st.lists(st.tuples(names, items), min_size=1, max_size=4))
    twice = pairs + draw(st.lists(st.sampled_from(pairs), max_size=2))
    return ("{" + ",".join(f"{json.dumps(name)}:{json.dumps(item)}" for name, item in twice) + "}").encode()


_strange = st.none() | st.integers() | values
_fields = st.sampled_from(["secrets", "Secrets", "SECRETS", "secret\u017f", "secret", "other"])
_key_lists = st.lists(keys | st.none(), max_size=4)

patches: st.SearchStrategy[bytes] = st.one_of(
    written(st.dictionaries(keys, values, max_size=4)),
    written(st.dictionaries(keys, values, max_size=4)),
    written(st.dictionaries(keys, _strange, max_size=3)),
    repeated(keys, _strange),
    written(st.dictionaries(long_keys, values, min_size=1, max_size=1)),
    damaged(written(st.dictionaries(keys, _strange, max_size=3))),
    written(anything),
    st.binary(max_size=6),
)
deletions: st.SearchStrategy[bytes] = st.one_of(
    written(_key_lists.map(lambda some: {"secrets": some})),
    written(_key_lists.map(lambda some: {"secrets": some})),
    repeated(_fields, st.lists(keys, max_size=4) | _strange),
    damaged(written(_key_lists.map(lambda some: {"secrets": some}))),
    written(anything),
    st.binary(max_size=6),
)

IMPORTS = "".join(
    f'import "{path}"\n' for path in ("array", "influxdata/influxdb/secrets", "contrib/qxip/hash", "experimental")
)


def _rows(value: str, some: list[str]) -> str:
    rows = [f"{{k: {flux_string(key)}, v: {value.replace('KEY', flux_string(key))}}}" for key in some]
    return f"{IMPORTS}array.from(rows: [{', '.join(rows)}])"


def _mapped(function: str, some: list[str]) -> str:
    listed = ", ".join(flux_string(key) for key in some)
    return f"{IMPORTS}array.from(rows: [{listed}] |> array.map(fn: (x) => ({{h: {function}}})))"


_prefixes = values.filter(lambda text: "\0" not in text).map(flux_string)
_CAUGHT = "experimental.catch(fn: () => secrets.get(key: x))"
_literal_scripts = st.builds(
    _rows,
    st.just("secrets.get(key: KEY)")
    | st.builds("hash.sha256(v: {} + secrets.get(key: KEY))".format, _prefixes)
    | st.builds("hash.hmac(v: hash.sha256(v: {} + secrets.get(key: KEY)), k: {})".format, _prefixes, _prefixes),
    st.lists(keys, min_size=1, max_size=3),
)
_mapped_scripts = st.builds(
    _mapped,
    st.sampled_from(["x", "secrets.get(key: x)", f"{_CAUGHT}.msg", f"{_CAUGHT}.value"])
    | st.builds("hash.hmac(v: {} + x + secrets.get(key: x), k: x)".format, _prefixes)
    | st.builds(f"if exists {_CAUGHT}.value then {{}} + secrets.get(key: x) else {_CAUGHT}.msg".format, _prefixes),
    st.lists(keys, max_size=3),
)
scripts = _literal_scripts | _mapped_scripts
"""What the emulator has to understand: proofs and reads of secrets."""

_TOKENS = [
    *("array.from(", "rows:", "[", "]", "{", "}", "(", ")", "v:", ",", '"a"', '"', "secrets.get(key: ", "hash", "."),
    *("+", "|> yield()", "|>", "x = ", "1", "-", "import", "true", "// c\n", "\n", "${", "$", "\\", "é", "=>", "!="),
    *("1h", "\0", "if ", "exists "),
]
other_scripts: st.SearchStrategy[str] = st.one_of(
    st.lists(st.sampled_from(_TOKENS), max_size=8).map(lambda parts: IMPORTS + " ".join(parts)),
    st.builds(
        lambda script, at, token: script[: at % (len(script) + 1)] + token + script[at % (len(script) + 1) :],
        scripts,
        st.integers(0, 2000),
        st.sampled_from(_TOKENS),
    ),
    st.sampled_from(
        ["", " ", "1", "buckets()", 'import "secrets"', "option now = () => 2026-01-01T00:00:00Z", "\ufeff"]
    ),
)
"""What it may not understand, and then has to say so."""


_extras: dict[str, list[Any]] = {
    "type": ["flux", "", None],
    "now": [None],
    "dialect": [None, {}],
    "params": [5],
    "extern": [None],
}
_dialects = st.fixed_dictionaries(
    {},
    optional={
        "header": st.sampled_from([True, None]),
        "delimiter": st.sampled_from([",", None]),
        "annotations": st.lists(st.sampled_from(["group", "datatype", "default"]), max_size=3),
    },
)


@st.composite
def queries(draw: st.DrawFn, scripts: st.SearchStrategy[str]) -> bytes:
    """A script in the JSON of a query, with a dialect or not; members in any case and order."""
    members: dict[str, Any] = {name: draw(st.sampled_from(some)) for name, some in _extras.items()}
    members |= {"query": draw(scripts), "dialect": draw(st.none() | _dialects)}
    chosen = draw(st.permutations(["query", *draw(st.lists(st.sampled_from(sorted(members)), max_size=3))]))
    spelt = st.sampled_from([str.lower, str.lower, str.lower, str.upper, str.title])
    return json.dumps({draw(spelt)(name): members[name] for name in chosen}).encode()
