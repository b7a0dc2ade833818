"""Random requests in correct HTTP: calls of the API, nearly right and wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from conformance import random_bodies as bodies
from conformance.raw_requests import NOBODY, ORG, OTHER, TOKENS, Random
from hypothesis import strategies as st

METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS"]
ODD_METHODS = ["TRACE", "get", "Patch", "PROPFIND", "SECRETS", "PURGE"]


def encoded(key: str, style: str) -> str:
    """Write a key into a path in one of the ways that clients do."""
    safe = {"python": "", "go segment": "$&+:=@", "go path": "$&+,/:;=@", "whole path": "/"}[style.removesuffix("!")]
    text = quote(key, safe=safe)
    return text.lower() if style.endswith("!") else text


_styles = st.sampled_from(["python", "go segment", "go path", "whole path", "python!"])
_key_paths = st.builds(lambda key, style: encoded(key, style).encode(), bodies.keys | bodies.long_keys, _styles)
_orgs = st.sampled_from([ORG] * 6 + [OTHER, OTHER])
_ids = _orgs | st.sampled_from(
    [ORG.upper(), b"", b"0" * 16, b"00000000000000aa", b"xyz", b"g" * 16, b"%30" * 16, b"1" * 17]
)
_secrets = st.builds(lambda org_id: b"/api/v2/orgs/%s/secrets" % org_id, _ids)
_tails = st.sampled_from([b"", b"", b"", b"/", b"//", b"?", b"?x=1", b"?x=%zz", b"?a;b", b"#f", b"%2F", b"/."])
_numbers = st.sampled_from([b"1", b"0", b"-1", b"100", b"101", b"x", b"", b"+1", b"1e3", b"99999999999999999999"])

list_targets = st.builds(lambda start, tail: start + tail, _secrets, _tails)
delete_targets = st.builds(lambda start, key, tail: start + b"/" + key + tail, _secrets, _key_paths, _tails)
bulk_targets = st.builds(lambda start, tail: start + b"/delete" + tail, _secrets, _tails)
query_targets = st.builds(
    lambda name, value, tail: b"/api/v2/query?" + name + b"=" + value + tail,
    st.sampled_from([b"orgID", b"orgID", b"orgID", b"org", b"orgid", b"x"]),
    _ids,
    st.sampled_from([b"", b"", b"", b"&org=nobody", b"&x=%zz", b"&pretty=true"]),
) | st.sampled_from(
    [b"/api/v2/query", b"/api/v2/query/", b"/api/v2/query/x", b"/api/v2//query", b"/api/v2/query?org={name}"]
)
org_targets = st.one_of(
    st.builds(lambda org_id, tail: b"/api/v2/orgs/" + org_id + tail, _ids, _tails),
    st.sampled_from(
        [b"{name}", b"{name}", b"{name}%20", b"nobody", b"", b"%FF", b"a+b", b"{name}%00", b"%C3%A9%22%3C"]
    ).map(lambda name: b"/api/v2/orgs?org=" + name),
    st.builds(lambda org_id: b"/api/v2/orgs?orgID=" + org_id, _ids),
    st.builds(
        lambda name, number: b"/api/v2/orgs?org={name}&" + name + b"=" + number,
        st.sampled_from([b"limit", b"offset"]),
        _numbers,
    ),
    st.builds(
        lambda name, org_id, tail: b"/api/v2/" + name + b"?orgID=" + org_id + tail,
        st.sampled_from([b"tasks", b"checks", b"notificationEndpoints", b"notificationRules"]),
        _ids,
        st.sampled_from([b"", b"", b"&limit=100", b"&limit=501"]),
    ),
)
_segments = st.sampled_from(
    [b"api", b"v2", b"orgs", ORG, b"secrets", b"delete", b"k", b"", b".", b"..", b"%2e%2e", b"%6Frgs", b"API", b"query"]
)
strange_targets = st.one_of(
    st.lists(_segments, max_size=7).map(lambda parts: b"/" + b"/".join(parts)),
    st.lists(_segments, max_size=3).map(lambda parts: b"/api/v2/orgs/" + ORG + b"/" + b"/".join(parts)),
    st.sampled_from(
        [
            b"/",
            b"/health",
            b"/health/x",
            b"/ready",
            b"/ping",
            b"/ping/",
            b"/metrics",
            b"/api",
            b"/api/v2",
            b"/api/v2/",
            b"/x",
        ]
    ),
    st.sampled_from(
        [b"/api/v2/buckets", b"/api/v2/orgs/" + ORG + b"/members", b"/api/v2/nothing", b"/api/v2x", b"/api/v1"]
    ),
)

_types = st.sampled_from(
    [b"application/json", b"application/json; charset=utf-8", b"text/plain", b"application/vnd.flux", b"", b"x"]
)
_flux_types = st.sampled_from(
    [b"application/vnd.flux"] * 3 + [b"application/vnd.flux; charset=utf-8", b"Application/VND.Flux"]
)
_HEADERS = {
    b"Accept": [b"application/csv"],
    b"Accept-Encoding": [b"gzip", b"identity, deflate"],
    b"Authorization": [b"Token other"],
    b"Content-Encoding": [b"gzip"],
    b"X-HTTP-Method-Override": [b"DELETE"],
    b"Zap-Trace-Span": [b"x"],
    b"If-None-Match": [b"*"],
    b"Cookie": [b"a=b"],
    b"X-Odd": [b"\xc3\xa9\xff", b"", b"x" * 70_000],
}
_headers = st.sampled_from([(name, value) for name, values in _HEADERS.items() for value in values])
_common_headers = st.lists(_headers, max_size=2, unique_by=lambda header: header[0]).map(tuple)
_chunked = st.sampled_from([False] * 6 + [True])
_tokens = st.sampled_from(["operator"] * 6 + [*TOKENS, *TOKENS, NOBODY, "revoked"])
_schemes = st.sampled_from(["Token"] * 6 + ["Bearer", "token", "bEaReR", "Basic", "Tok"])


@st.composite
def usual(draw: st.DrawFn) -> Random:
    """A call of the API as it is meant, or nearly."""
    kind = draw(st.sampled_from(["list", "patch", "patch", "delete", "delete", "bulk", "bulk", "org"]))
    method, targets, content = {
        "list": ("GET", list_targets, st.none()),
        "patch": ("PATCH", list_targets, bodies.patches),
        "delete": ("DELETE", delete_targets, st.none()),
        "bulk": ("POST", bulk_targets, bodies.deletions),
        "org": ("GET", org_targets, st.none()),
    }[kind]
    body = draw(content)
    types = ((b"Content-Type", draw(_types)),) if body is not None and draw(st.booleans()) else ()
    return Random(
        method,
        draw(targets),
        draw(_tokens),
        body,
        headers=types + draw(_common_headers),
        is_chunked=draw(_chunked),
        scheme=draw(_schemes),
    )


@st.composite
def asking(draw: st.DrawFn) -> Random:
    """A query, raw or in JSON, that the emulator has to understand or may refuse."""
    understood = draw(st.booleans()) or draw(st.booleans())
    scripts = bodies.scripts if understood else bodies.other_scripts
    raw = draw(st.booleans())
    body = draw(scripts.map(str.encode) if raw else bodies.queries(scripts))
    content_type = draw(_flux_types) if raw else b"application/json"
    if draw(st.integers(0, 19)) == 0:
        content_type, understood = draw(_types), False
    headers = ((b"Content-Type", content_type), *draw(_common_headers))
    return Random(
        "POST", draw(query_targets), draw(_tokens), body, understood, headers=headers, is_chunked=draw(_chunked)
    )


@st.composite
def misled(draw: st.DrawFn) -> Random:
    """Another method or path than the API has, with or without a body."""
    targets = list_targets | delete_targets | bulk_targets | query_targets | org_targets | strange_targets
    body = draw(st.none() | bodies.patches | bodies.deletions)
    method = draw(st.sampled_from(METHODS * 3 + ODD_METHODS))
    target = draw(targets)
    # What the emulator does not serve must not be done by the real server: who asks for it may not.
    serves = method in {"GET", "HEAD", "OPTIONS"} or b"/secrets" in target or b"/query" in target
    token = draw(_tokens if serves else st.sampled_from(list(TOKENS)))
    return Random(method, target, token, body, headers=draw(_common_headers), is_chunked=draw(_chunked))


@st.composite
def large(draw: st.DrawFn) -> Random:
    """A large body: sizes where buffers and limits of servers lie."""
    size = draw(st.sampled_from([4095, 4096, 65_536, 1 << 20, (1 << 20) + 1, 3 << 20]))
    body = b'{"large":"' + b"v" * size + draw(st.sampled_from([b'"}', b'"', b'",']))
    headers = draw(st.sampled_from([(), ((b"Expect", b"100-continue"),)]))
    return Random("PATCH", b"/api/v2/orgs/" + ORG + b"/secrets", body=body, headers=headers, is_chunked=draw(_chunked))


_KINDS: list[Callable[[], st.SearchStrategy[Random]]] = [usual] * 20 + [asking] * 10 + [misled] * 10 + [large]
requests: st.SearchStrategy[Random] = st.sampled_from(_KINDS).flatmap(lambda kind: kind())
