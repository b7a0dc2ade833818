"""DELETE with a key in the path: which encodings meet the key, on the emulator and on the real server.

The rule: the path is decoded only if it is written exactly as Go would write it; else the key is looked for as encoded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from wire import Wire

GO_PLAIN = "$&+,/:;=@"
"""The reserved characters that Go leaves alone in a path."""

PRINTABLE = [chr(code) for code in range(0x20, 0x7F) if chr(code) not in "/."]
OTHER = ["ключ", "a b", "é", "😀", "a\nb", "a\0b", "x=1&y", "a,b", "a;b", "a+b", "%2F", "%41", "a%", "delete", ".."]
KEYS = sorted({*PRINTABLE, *OTHER})


def python_quote(key: str) -> str:
    """Encode as `urllib.parse.quote(key, safe="")` does."""
    return quote(key, safe="")


def go_path_escape(key: str) -> str:
    """Encode as Go's `url.PathEscape` does."""
    return quote(key, safe="$&+:=@")


def go_path(key: str) -> str:
    """Encode as Go writes a whole path."""
    return quote(key, safe=GO_PLAIN)


def lower_case(key: str) -> str:
    """Encode with small hexadecimal digits."""
    return "".join(f"%{byte:02x}" if quote(bytes([byte]), safe="") != chr(byte) else chr(byte) for byte in key.encode())


def everything(key: str) -> str:
    """Encode every byte."""
    return "".join(f"%{byte:02X}" for byte in key.encode())


def survivors(wire: Wire, encode: Callable[[str], str]) -> set[str]:
    """Return the keys that are still there after a DELETE of each, and check that every answer is a 204."""
    wire.secrets("PATCH", "", json.dumps(dict.fromkeys(KEYS, "v")))
    # Where "%2F" is in the path for another key, it would meet the key of that name.
    for key in sorted(KEYS, key=lambda key: "%" in key, reverse=True):
        assert wire.secrets("DELETE", "/" + encode(key)).status == 204
    return set(wire.keys)


def with_any(characters: str) -> set[str]:
    return {key for key in KEYS if set(key) & set(characters)}


def test_delete_quoted_as_python_leaves_keys_with_reserved_characters(wire: Wire) -> None:
    """`quote(key, safe="")`: 204, but the key stays where Go would not have encoded one of its characters."""
    assert survivors(wire, python_quote) == with_any(GO_PLAIN)


def test_delete_quoted_as_go_path_segment_leaves_keys_with_comma_and_semicolon(wire: Wire) -> None:
    """`url.PathEscape(key)`: 204, but the key stays with `,` or `;` (and `/`)."""
    assert survivors(wire, go_path_escape) == with_any(",;")


def test_delete_quoted_as_go_path_removes_every_key_without_slash(wire: Wire) -> None:
    """Written as Go writes a path, every key is met that has no slash."""
    assert survivors(wire, go_path) == set()


def test_delete_with_lower_case_digits_leaves_keys_with_encoded_letters(wire: Wire) -> None:
    """`%d0%ba` is not what Go writes: the key stays. Where an escape has no letters, it makes no difference."""
    left = survivors(wire, lower_case)
    assert {"ключ", "é", "😀", "a\nb"} <= left
    assert not {"a b", "!", "a\0b"} & left


def test_delete_with_every_byte_encoded_leaves_plain_keys(wire: Wire) -> None:
    """Encoding more than needed hides the key as well."""
    left = survivors(wire, everything)
    assert {"A", "-", "a b", "delete"} <= left
    assert not {"ключ", "😀", " "} & left


@pytest.mark.parametrize("key", ["/", "a/b", "a/", "/a"])
def test_delete_key_with_slash_never_meets_it(wire: Wire, key: str) -> None:
    """No path carries a slash: encoded it is taken literally, plain it parts the path."""
    wire.put(**{key: "v"})
    for encode in (python_quote, go_path, everything):
        wire.secrets("DELETE", "/" + encode(key))
    assert wire.keys == [key]


def test_delete_key_with_slash_removes_another_key(wire: Wire) -> None:
    """DELETE for `a/b` removes the key that is literally named `a%2Fb`."""
    wire.put(**{"a/b": "v", "a%2Fb": "v"})
    assert wire.secrets("DELETE", "/a%2Fb").status == 204
    assert wire.keys == ["a/b"]


def test_delete_plain_path_with_slash_is_404_in_plain_text(wire: Wire) -> None:
    """A path with one part too many is unknown to the router."""
    reply = wire.secrets("DELETE", "/a/b")
    assert (reply.status, reply.body) == (404, b"404 page not found\n")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_delete_with_slash_at_the_end_removes_the_key_before_it(wire: Wire) -> None:
    """A slash at the end is stripped: DELETE for the key `a/`, not encoded, removes the key `a`."""
    wire.put(**{"a": "v", "a/": "v"})
    assert wire.secrets("DELETE", "/a/").status == 204
    assert wire.keys == ["a/"]


@pytest.mark.parametrize("path", ["/%", "/%4", "/%zz", "/%E0%A4%A"])
def test_delete_bad_escape_is_refused_before_influxd_sees_it(wire: Wire, path: str) -> None:
    """Go's HTTP server answers, in plain text and without influxd's headers."""
    reply = wire.secrets("DELETE", path)
    assert (reply.status, reply.body) == (400, b"400 Bad Request")
    assert "X-Influxdb-Version" not in reply.headers


def test_delete_long_key_in_the_path_is_removed(wire: Wire) -> None:
    """A key of 32,752 bytes, three times as long when encoded, fits into a path."""
    key = "é" * 16_376
    wire.put(**{key: "v"})
    assert wire.secrets("DELETE", "/" + python_quote(key)).status == 204
    assert wire.keys == []
