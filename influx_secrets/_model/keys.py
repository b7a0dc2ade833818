"""Digests, ids, and the names of keys."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from influx_secrets._errors import DeclarationError
from influx_secrets._text import quote

MAX_KEY_BYTES: Final = 32_752
"""influxd 2.9.1 with its bolt store refuses longer keys with 413 `key too large`."""

MAX_MAP_KEY_BYTES: Final = (1 << 14) - 1
"""The longest name in a property path. CLI 3.274.1 ends when it meets a longer one, before our refusal is heard."""

TOO_LONG_FOR_A_MAP: Final = (
    f"is longer than {MAX_MAP_KEY_BYTES:,} bytes, too long for OrgSecrets: declare the key with a Secret (IS120)"
)

ENGINE_MARK: Final = "4dabf18193072939515e22adb298388d"
"""The engine takes a map that holds this name for one of its own values, and breaks."""

ORG_GIVEN_TWICE: Final = "org_id and org are both given: remove one of them (IS132)"

_ORG_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_SERVER_OWNED = re.compile(r"([0-9a-f]{16})-(?:token|routing-key|username|password)", re.ASCII)
_ESCAPE: Final = "\\"
_HIDDEN: Final = "__"


def digest(org_id: str, key: str, value: str) -> str:
    """Return the SHA-256 of `<org_id>/<key>:<value>` in lower-case hexadecimal; Flux can compute the same."""
    return hashlib.sha256(f"{digest_prefix(org_id, key)}{value}".encode()).hexdigest()


def digest_prefix(org_id: str, key: str) -> str:
    """Return what stands before the value in a digest, so that equal values of two keys have different digests."""
    return f"{org_id}/{key}:"


def spellings(value: str) -> Iterator[str]:
    """Return values that differ from this one by line breaks or by blanks at an end, as copying and files add them."""
    lines = value.replace("\r\n", "\n")
    for text in {value, lines, lines.replace("\n", "\r\n")}:
        for core in {text, text.rstrip(), text.strip()}:
            yield from (core + end for end in ("", "\n", "\r\n", " "))
            yield f" {core}"


def is_server_owned(key: str) -> bool:
    """Whether influxd keeps a notification endpoint's credential under this key."""
    return endpoint_of(key) is not None


def endpoint_of(key: str) -> str | None:
    """Return the id of the notification endpoint whose credential influxd keeps under this key, if it is one."""
    match = _SERVER_OWNED.fullmatch(key)
    return None if match is None else match[1]


def is_org_id(text: str) -> bool:
    """Whether the text is an org id as influxd writes it: 16 hexadecimal digits, lower case.

    influxd takes upper case too: who allows that, asks for `text.lower()`.
    """
    return _ORG_ID.fullmatch(text) is not None


def secret_id(org_id: str, key: str) -> str:
    return f"{org_id}/{key}"


def parse_secret_id(text: str) -> tuple[str, str]:
    """Split `<org_id>/<key>`, and make the org id lower case; the key may hold slashes itself."""
    org_id, slash, key = text.partition("/")
    org_id = org_id.lower()
    if not slash or not is_org_id(org_id) or not key:
        raise DeclarationError(
            f"Secret.get: the id {quote(text)} must be <org id>/<key>, such as 0123456789abcdef/SLACK_TOKEN. For the "
            'id of an org, use get_org("NAME").id (IS137)'
        )
    return org_id, key


def escape_key(key: str) -> str:
    """Return the key as it stands in a stored map; a preview hides names that begin with two underscores."""
    return _ESCAPE + key if key.startswith((_HIDDEN, _ESCAPE)) else key


def fits_a_map(key: str) -> bool:
    return len(escape_key(key).encode("utf-8", "surrogatepass")) <= MAX_MAP_KEY_BYTES


def unescape_key(name: str) -> str:
    return name.removeprefix(_ESCAPE)
