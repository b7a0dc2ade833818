"""Value proofs: whether a key holds the value that we wrote, asked of the server through Flux without reading it.

The server hashes what it holds and signs the hash with a nonce made for that one query. Only the signature travels,
not the value, nor its digest. Needs influxd 2.7 or later and a token with "read secrets" (seen on influxd 2.9.1).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Final

from influx_secrets._client.client import SecretsClient
from influx_secrets._client.redaction import clean, quoted
from influx_secrets._client.settings import secrets_in
from influx_secrets._errors import (
    APIError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    ProofsUnavailableError,
    ResponseError,
    UnauthorizedError,
)
from influx_secrets._model.keys import digest_prefix
from influx_secrets._notices import unreadable_secrets
from influx_secrets._text import quote

KEYS_PER_QUERY: Final = 1000

_IMPORTS: Final = 'import "array"\nimport "strings"\nimport "influxdata/influxdb/secrets"\nimport "contrib/qxip/hash"\n'
_PROBE: Final = f'{_IMPORTS}array.from(rows: [{{h: hash.hmac(v: hash.sha256(v: "probe"), k: "probe")}}])'
_UNREADABLE: Final = "secret not found"
"""Flux's message for a key that is missing or whose value is empty."""

_UNSIGNED: Final = "none"
"""In place of a signature. Not empty: influxd 2.7.12 loses an empty string in the second row (Flux 0.196.1)."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f"$\\]')
_NO_HASH = re.compile(r"invalid import path|missing label")
_NO_FLUX: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
"""What a server without queries answers, or a proxy that lets all other requests pass, with a page of its own."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The server's signature of one key's value; None if Flux cannot read it (missing or empty)."""

    nonce: str = field(repr=False)
    signature: str | None = field(repr=False)

    def matches(self, digest: str) -> bool:
        """Whether the value on the server is the one with this digest; compared in constant time."""
        if self.signature is None:
            return False
        ours = hmac.new(self.nonce.encode(), digest.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(base64.b64encode(ours).decode(), self.signature)


def check_available(client: SecretsClient, org_id: str) -> None:
    """Ask whether the server can prove values at all; no secret is touched.

    Raises:
        ProofsUnavailableError: An old server, or one that runs no Flux for this token.
        InfluxSecretsError: The server gave no usable answer.
    """
    _ask(client, org_id, _PROBE)


def prove(
    client: SecretsClient,
    org_id: str,
    keys: Iterable[str],
    *,
    new_nonce: Callable[[], str] = lambda: secrets.token_hex(16),
) -> dict[str, Proof]:
    """Ask the server to sign the values of keys; for each 1,000 keys one query, two if one of them is unreadable.

    Raises:
        ProofsUnavailableError: An old server, or a token that may not read secrets.
        InfluxSecretsError: The server gave no usable answer.
    """
    proofs: dict[str, Proof] = {}
    left = iter(keys)
    while chunk := list(islice(left, KEYS_PER_QUERY)):
        proofs.update(_prove_chunk(client, org_id, chunk, new_nonce()))
    return proofs


def _prove_chunk(client: SecretsClient, org_id: str, keys: Sequence[str], nonce: str) -> dict[str, Proof]:
    try:
        rows = _ask(client, org_id, proof_query(org_id, keys, nonce))
    except NotFoundError as error:
        # One key that Flux cannot read fails the whole query.
        if not (error.server_message or "").endswith(_UNREADABLE):
            raise
        rows = _ask(client, org_id, proof_query(org_id, keys, nonce, is_tolerant=True))
    # influxd 2.9.1 ends a query whose request it takes for broken off, and has sent 200 by then.
    if len(rows) != len(keys):
        ended = f"ended its answer after {len(rows)} of {len(keys)} keys"
        raise _unusable(client, org_id, f"{ended}. Run again. If the error stays, see the log of the server (IS320)")
    return {key: Proof(nonce, _signature(client, org_id, key, row)) for key, row in zip(keys, rows, strict=True)}


def _signature(client: SecretsClient, org_id: str, key: str, row: Mapping[str, str]) -> str | None:
    """Return the signature of a key's value, None for a key that Flux cannot read; anything else proves nothing."""
    signature, problem = row.get("h"), row.get("m")
    if problem == _UNREADABLE:
        return None
    if problem or signature in (None, "", _UNSIGNED):
        said = quoted(clean(problem, secrets_in(client.settings)))
        raise _unusable(client, org_id, f"cannot read the key {quote(key)}{said}. See the log of the server (IS321)")
    return signature


def _unusable(client: SecretsClient, org_id: str, problem: str) -> ResponseError:
    message = f"cannot compare values in the org {client.org_title(org_id)}: {client.settings.url} {problem}"
    return ResponseError(message, method="POST", path="/api/v2/query", status=HTTPStatus.OK)


def _ask(client: SecretsClient, org_id: str, script: str) -> list[dict[str, str]]:
    try:
        return client.query(org_id, script, intent="compare values")
    except (APIError, ResponseError) as error:
        reason = _why_unavailable(error, client.settings.url, client.org_title(org_id))
        if reason is None:
            raise
        raise ProofsUnavailableError(reason) from None


def proof_query(org_id: str, keys: Iterable[str], nonce: str, *, is_tolerant: bool = False) -> str:
    """Return the Flux script that signs the values of the keys, a row each, in their order.

    One function for all keys and one string of their names, because Flux compiles each literal: 1,000 records take
    influxd 2.9.1 216 ms, 1,000 strings 40 ms, one string 35 ms. The function has to be an argument of `array.map`, and
    its parameter has to be called x.

    Args:
        org_id: The org of the keys.
        keys: Each in one row: every key comes through a script unharmed, but not through CSV.
        nonce: Made for this query.
        is_tolerant: Report keys that Flux cannot read in the column `m`, instead of failing. `experimental.catch`
            stands around the look-up alone: around the hashing too, it takes Flux twice as long.
    """
    before, after = (literal(part) for part in digest_prefix(org_id, "\0").split("\0"))
    names = [*keys]
    separator = next(one for one in (",", "\n", nonce) if not any(one in name for name in names))
    listed = f"strings.split(v: {literal(separator.join(names))}, t: {literal(separator)})"

    def sign(key: str, value: str) -> str:
        return f"hash.hmac(v: hash.sha256(v: {before} + {key} + {after} + {value}), k: {literal(nonce)})"

    if is_tolerant:
        imports = f'import "experimental"\n{_IMPORTS}'
        signed = f"if exists x.r.value then {sign('x.k', 'x.r.value')} else {literal(_UNSIGNED)}"
        rows = (
            f"{listed} |> array.map(fn: (x) => ({{k: x, r: experimental.catch(fn: () => secrets.get(key: x))}}))"
            f" |> array.map(fn: (x) => ({{h: {signed}, m: x.r.msg}}))"
        )
    else:
        imports = _IMPORTS  # each takes influxd some milliseconds of every query
        rows = f"{listed} |> array.map(fn: (x) => ({{h: {sign('x', 'secrets.get(key: x)')}}}))"
    return f"{imports}array.from(rows: {rows})\n"


def literal(text: str) -> str:
    """Return a text as a Flux string literal on one line."""
    # A dollar sign takes the character behind it along, a NUL ends the script (Flux of influxd 2.9.1): hence by number.
    return '"' + _UNSAFE.sub(lambda found: f"\\x{ord(found[0]):02x}", text) + '"'


def _why_unavailable(error: APIError | ResponseError, url: str, org: str) -> str | None:
    """Return why there are no proofs; None for an error that says nothing about them."""
    # Flux before 0.192 does not know the module; whatever else is invalid is no matter of the version.
    if isinstance(error, InvalidError) and _NO_HASH.search(error.server_message or ""):
        return f"the server {url} is older than InfluxDB 2.7. Upgrade the server to compare values (IS511)"
    if isinstance(error, (UnauthorizedError, ForbiddenError)):
        return unreadable_secrets(org)
    if error.status in _NO_FLUX:
        return f"{url}/api/v2/query answered HTTP {error.status}. Let proxies and gateways pass this path (IS513)"
    return None
