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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Final

from influx_secrets._client.client import SecretsClient
from influx_secrets._errors import (
    APIError,
    ForbiddenError,
    InvalidError,
    MethodNotAllowedError,
    NotFoundError,
    ProofsUnavailableError,
    ResponseError,
    UnauthorizedError,
    UnimplementedError,
)
from influx_secrets._model.keys import digest_prefix

KEYS_PER_QUERY: Final = 1000
"""1,000 keys take influxd 150 ms in one query."""

_HEADER: Final = (
    'import "array"\nimport "influxdata/influxdb/secrets"\nimport "contrib/qxip/hash"\narray.from(rows: [\n'
)
_PROBE: Final = f'{_HEADER}{{h: hash.hmac(v: hash.sha256(v: "probe"), k: "probe")}}])'
_FIRST_ROW_LINE: Final = _HEADER.count("\n") + 1
_NOT_FOUND_AT = re.compile(r"@(\d+):\d+-\d+:\d+: secret not found")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"$\\]')
_NO_HASH = re.compile(r"invalid import path|missing label")
_REFUSALS: Final = (
    InvalidError,
    UnauthorizedError,
    ForbiddenError,
    MethodNotAllowedError,
    UnimplementedError,
)
_FORBIDDEN: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
"""What a proxy answers, with a page of its own, that lets all requests pass but queries."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the server said of one key's value; `signature` is None where Flux cannot read it (an empty value)."""

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
    """Ask the server to sign the values of keys that it lists; one query for each 1,000 keys.

    Raises:
        ProofsUnavailableError: An old server, or a token that may not read secrets.
        InfluxSecretsError: The server gave no usable answer.
    """
    proofs: dict[str, Proof] = {}
    for chunk in _chunks(keys):
        proofs.update(_prove_chunk(client, org_id, chunk, new_nonce()))
    return proofs


def _prove_chunk(client: SecretsClient, org_id: str, keys: Sequence[str], nonce: str) -> dict[str, Proof]:
    asked = list(keys)
    unreadable: list[str] = []
    while asked:
        try:
            rows = _ask(client, org_id, proof_query(org_id, asked, nonce))
        except NotFoundError as error:
            # One key that Flux cannot read fails the whole query; the message names its line, and each key has its own.
            unreadable.append(asked.pop(_failed_row(error, len(asked))))
        else:
            signed = {asked[int(row["k"])]: Proof(nonce, row["h"]) for row in rows}
            _require_all(client, org_id, asked, signed)
            return signed | dict.fromkeys(unreadable, Proof(nonce, None))
    return dict.fromkeys(unreadable, Proof(nonce, None))


def _ask(client: SecretsClient, org_id: str, script: str) -> list[dict[str, str]]:
    try:
        return client.query(org_id, script)
    except _REFUSALS as error:
        raise ProofsUnavailableError(_why(error)) from None
    except ResponseError as error:
        if error.status not in _FORBIDDEN:
            raise
        raise ProofsUnavailableError(_no_flux(error.status)) from None


def _require_all(client: SecretsClient, org_id: str, asked: Sequence[str], signed: Collection[str]) -> None:
    # influxd 2.9.1 ends a query whose request it takes for broken off, and has said 200 by then.
    if len(signed) < len(asked):
        message = (
            f"cannot compare values in org {org_id}: {client.settings.url} answered for "
            f"{len(signed)} of {len(asked)} keys: run again"
        )
        raise ResponseError(message, method="POST", path="/api/v2/query", status=HTTPStatus.OK)


def proof_query(org_id: str, keys: Iterable[str], nonce: str) -> str:
    """Return the Flux script that signs the values of the keys, a row and a line each.

    A row is named by its number: not every key comes through CSV unharmed.
    """
    signed_with = literal(nonce)
    rows = ",\n".join(
        f'{{k: "{number}", h: hash.hmac(v: hash.sha256(v: {literal(digest_prefix(org_id, key))}'
        f" + secrets.get(key: {literal(key)})), k: {signed_with})}}"
        for number, key in enumerate(keys)
    )
    return f"{_HEADER}{rows}\n])\n"


def literal(text: str) -> str:
    """Return a text as a Flux string literal on one line."""
    # A dollar sign takes the character behind it along, a NUL ends the script (Flux of influxd 2.9.1): hence by number.
    return '"' + _UNSAFE.sub(lambda found: f"\\x{ord(found[0]):02x}", text) + '"'


def _failed_row(error: NotFoundError, rows: int) -> int:
    found = _NOT_FOUND_AT.search(error.server_message or "")
    row = int(found[1]) - _FIRST_ROW_LINE if found else -1
    if not 0 <= row < rows:
        raise error
    return row


def _why(error: APIError) -> str:
    if isinstance(error, InvalidError):
        # Flux before 0.192 does not know the module; whatever else is invalid is no matter of the version.
        if not _NO_HASH.search(error.server_message or ""):
            raise error
        return "the server is older than InfluxDB 2.7, which brought the Flux function that this needs"
    if isinstance(error, (UnauthorizedError, ForbiddenError)):
        return 'the token lacks the permission "read secrets" of the org'
    return _no_flux(error.status)


def _no_flux(status: int) -> str:
    return f"the server does not answer Flux queries (HTTP {status})"


def _chunks(keys: Iterable[str]) -> Iterator[Sequence[str]]:
    left = iter(keys)
    while chunk := list(islice(left, KEYS_PER_QUERY)):
        yield chunk
