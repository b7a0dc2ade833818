"""The rules that need no server: which names and values are legal, how a digest is made, how ids are written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Final

from influx_secrets._errors import DeclarationError
from influx_secrets._model.state import UNKNOWN, Declaration, NotText, Unknown

MAX_KEY_BYTES: Final = 32_752
"""influxd 2.9.1 with its bolt store refuses longer keys with 413 `key too large`."""

ENGINE_MARK: Final = "4dabf18193072939515e22adb298388d"
"""The engine takes a map that holds this name for one of its own values, and breaks."""

_ORG_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_SERVER_OWNED = re.compile(r"[0-9a-f]{16}-(?:token|routing-key|username|password)", re.ASCII)
_ESCAPE: Final = "\\"
_HIDDEN: Final = "__"


def digest(org_id: str, key: str, value: str) -> str:
    """Return the SHA-256 of `<org_id>/<key>:<value>` in lower-case hexadecimal; Flux can compute the same."""
    return hashlib.sha256(f"{digest_prefix(org_id, key)}{value}".encode()).hexdigest()


def digest_prefix(org_id: str, key: str) -> str:
    """Return what stands before the value in a digest, so that equal values of two keys have different digests."""
    return f"{org_id}/{key}:"


def is_server_owned(key: str) -> bool:
    """Whether influxd keeps a notification endpoint's credential under this key."""
    return _SERVER_OWNED.fullmatch(key) is not None


def is_org_id(text: str) -> bool:
    """Whether the text is an org id as influxd writes it: 16 hexadecimal digits, lower case."""
    return _ORG_ID.fullmatch(text) is not None


def secret_id(org_id: str, key: str) -> str:
    """Return the resource id of one secret."""
    return f"{org_id}/{key}"


def parse_secret_id(text: str) -> tuple[str, str]:
    """Split `<org_id>/<key>`; the key may hold slashes itself.

    Raises:
        DeclarationError: The text is no such id.
    """
    org_id, slash, key = text.partition("/")
    if not slash or not is_org_id(org_id) or not key:
        raise DeclarationError(f'the id "{text}" is not <org id>/<key>, such as 0123456789abcdef/SLACK_TOKEN')
    return org_id, key


def escape_key(key: str) -> str:
    """Return the key as it stands in a stored map; a preview hides names that begin with two underscores."""
    return _ESCAPE + key if key.startswith((_HIDDEN, _ESCAPE)) else key


def unescape_key(name: str) -> str:
    """Undo `escape_key`."""
    return name.removeprefix(_ESCAPE)


def problems(declared: Declaration) -> list[str]:
    """Return what is wrong with a declaration, a line each; nothing that is unknown is wrong."""
    found = [*_org_problems(declared)]
    if declared.keys is UNKNOWN:
        return found
    for key in sorted(declared.keys):
        found += _key_problems(key, overwrite=declared.overwrite)
        if key in declared.values:
            found += _value_problems(key, declared.values[key])
    undeclared = sorted(set(declared.rotate_on) - declared.keys)
    found += [f'rotate_on names the key "{key}", which is not declared' for key in undeclared]
    if declared.exclusive is True and not declared.keys and not declared.keep:
        found.append(
            "exclusive with no secrets would remove every secret of the org: declare one, or name what stays in keep"
        )
    return found


def _org_problems(declared: Declaration) -> Iterator[str]:
    if declared.org_id is not None and declared.org is not None:
        yield "org_id and org are both given: give one of them"
    if isinstance(declared.org_id, str) and not is_org_id(declared.org_id):
        yield f'org_id "{shown(declared.org_id)}" is not 16 hexadecimal digits; a name goes into org'
    if declared.org == "":
        yield "org is empty"


def _key_problems(key: str, *, overwrite: bool) -> Iterator[str]:
    if not key:
        yield "a key is empty: no path of the API can name it"
    elif len(key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
        yield f'the key "{shown(key)}" is longer than {MAX_KEY_BYTES:,} bytes, which InfluxDB refuses'
    elif key == ENGINE_MARK:
        yield f'the key "{shown(key)}" is a mark of the Pulumi engine and cannot be used: choose another key'
    elif not is_utf8(key):
        yield f'the key "{shown(key)}" is not UTF-8'
    elif is_server_owned(key) and not overwrite:
        yield (
            f'the key "{shown(key)}" belongs to a notification endpoint of the server, whose alerts need it: '
            "choose another key, or set overwrite=True"
        )


def _value_problems(key: str, value: str | Unknown | NotText) -> Iterator[str]:
    if isinstance(value, NotText):
        yield f'the value of the key "{shown(key)}" is {value.kind}: give a text'
    elif value == "":
        yield f'the value of the key "{shown(key)}" is empty: Flux cannot read it, so give a text or leave the key out'


def is_utf8(text: str) -> bool:
    """Whether the text has a UTF-8 form: no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(text: str, limit: int = 80) -> str:
    """Return a key as a message shows it: on one line, and not endless."""
    plain = text.encode("utf-8", "backslashreplace").decode()
    plain = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in plain)
    return plain if len(plain) <= limit else f"{plain[:limit]}…"


def text_kind(value: object) -> str | None:
    """Return what a value is in JSON's words where it is no usable text, else None."""
    if isinstance(value, str):
        return None if is_utf8(value) else "a text that is not UTF-8"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "an array"
    return "null" if value is None else "not a text"
