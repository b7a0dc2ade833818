"""Searches everything that a run left behind for a planted value, in each form in which it could have been written."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from engine.stack import Stack

_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Leak:
    """Where a value was found, and how it was written; never the value itself."""

    place: str
    form: str


def forms(value: str) -> dict[str, bytes]:
    """Return the ways to write a value, by name; those of a plain word are the same text several times."""
    raw = value.encode()
    escaped, in_utf8 = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
    return {
        "raw": raw,
        "JSON": escaped.encode(),
        "JSON in UTF-8": in_utf8.encode(),
        "JSON in JSON": json.dumps(escaped)[1:-1].encode(),
        "JSON in JSON in UTF-8": json.dumps(in_utf8, ensure_ascii=False)[1:-1].encode(),
        "repr": repr(value)[1:-1].encode(),
        "URL": quote(value, safe="").encode(),
        "form": quote_plus(value).encode(),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        **{f"base64 at {offset}": _inner_base64(raw, offset) for offset in range(3)},
    }


def leaks(value: str, places: Mapping[str, bytes]) -> list[Leak]:
    """Return every place that holds the value, once for each form."""
    wanted = forms(value)
    return [Leak(place, form) for place, content in places.items() for form, text in wanted.items() if text in content]


def places(stack: Stack, *, but: Iterable[Path] = ()) -> dict[str, bytes]:
    """Return all that a stack left behind: each file of its folder, what every command wrote, its state decrypted.

    The program itself is no place, for a test plants values there too; nor is what Python makes of it.

    Args:
        stack: The stack to search.
        but: Files to leave out.
    """
    left_out = {stack.project / "__main__.py", stack.folder / "passphrase", *but}
    files = [
        path
        for path in stack.folder.rglob("*")
        if path.is_file() and path not in left_out and path.parent != stack.project / "__pycache__"
    ]
    written = list(stack.outputs)
    exported = stack.pulumi("stack", "export", "--show-secrets").output
    return {
        **{str(path.relative_to(stack.folder)): _content(path) for path in files},
        **{f"output {number}": text.encode() for number, text in enumerate(written)},
        "export --show-secrets": exported.encode(),
    }


def _content(path: Path) -> bytes:
    # The CLI compresses its own logs; those of a deployment it encrypts as well. One that was killed leaves half a log.
    content, plain = path.read_bytes(), b""
    while content.startswith(b"\x1f\x8b"):
        member = zlib.decompressobj(_GZIP)
        plain += member.decompress(content)
        content = member.unused_data
    return plain + content


def _inner_base64(raw: bytes, offset: int) -> bytes:
    """Return what the base64 of any text has in common that holds `raw` at `offset` after a multiple of three."""
    encoded = base64.b64encode(b"\0" * offset + raw).rstrip(b"=")
    first = (offset * 8 + 5) // 6
    whole = (offset + len(raw)) // 3 * 4
    return encoded[first:whole]
