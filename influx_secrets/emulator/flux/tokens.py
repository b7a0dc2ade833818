"""Splits a Flux script into tokens, as Flux 0.200 does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"""
      (?P<space>[ \t\r\n\v\f]+|//[^\n]*)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | "(?P<text>(?:[^"\\$\x00]|\\(?:[nrt\\"]|\$\{|x[0-9A-Fa-f]{2})|\$[^{"\x00])*\$?)"
    | (?P<mark>\|>|=>|[()\[\]{}:,.+])
    """,
    re.VERBOSE,
)
# In a string a dollar takes the byte behind it along, a backslash too: `$\"` ends the string, and `"$\\"` does not.
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|[nrt\\\"$])?")
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_KEYWORDS = frozenset(
    {"and", "builtin", "else", "exists", "if", "import", "not", "option", "or", "package", "return", "testcase", "then"}
)


class FluxError(Exception):
    """A query that fails; `code` is the API's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def unsupported(what: str) -> FluxError:
    """Return the refusal of a script that Flux may run and the emulator does not."""
    return FluxError(
        "invalid",
        f"the influx_secrets emulator does not run this script: {what}. It runs one array.from(rows: ...) of records "
        "of strings, with array.map, experimental.catch, secrets.get, strings.split, hash.sha256, hash.hmac, if, "
        "exists and +",
    )


def not_understood(source: bytes, offset: int) -> FluxError:
    """Return the refusal of a script for its syntax. What stands there may be a value: it is not repeated."""
    line = source.count(b"\n", 0, offset) + 1
    return unsupported(f"line {line} is not understood")


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is name, keyword, text, mark or end; `start` and `end` are byte offsets."""

    kind: str
    text: str
    start: int
    end: int


def scan(source: bytes) -> Iterator[Token]:
    """Yield the tokens of a script, and one for its end."""
    offset = 0
    while offset < len(source):
        found = _TOKEN.match(source, offset)
        if found is None:
            raise not_understood(source, offset)
        kind, text = found.lastgroup or "", found[0]
        if kind == "text":
            yield Token(kind, _unescaped(source, found), offset, found.end())
        elif kind != "space":
            yield Token("keyword" if text.decode() in _KEYWORDS else kind, text.decode(), offset, found.end())
        offset = found.end()
    yield Token("end", "", offset, offset)


def _unescaped(source: bytes, literal: re.Match[bytes]) -> str:
    def plain(found: re.Match[bytes]) -> bytes:
        code: bytes | None = found[1]
        if code is None:
            raise not_understood(source, literal.start())
        return bytes([int(code[1:], 16)]) if code[:1] == b"x" else _NAMED.get(code, code)

    try:
        return _ESCAPE.sub(plain, literal["text"]).decode()
    except UnicodeDecodeError:
        raise not_understood(source, literal.start()) from None
