r"""Reads JSON as Go's `encoding/json` does, because the server's answers depend on its habits.

What differs from Python's `json`: only the first value of a body is read and the rest ignored; bytes that are not UTF-8
and half surrogate pairs become U+FFFD, one each; the first problem is told in Go's words. Seen on influxd 2.9.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

MAX_DEPTH: Final = 10_000
"""Go's limit of nesting. Below it, but beyond Python's own recursion limit, this reader refuses too."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*')
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{0,3})?")
_DIGITS = re.compile(r"[0-9]*")
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_CLOSES = {"{": "}", "[": "]"}
_NAMED = {
    7: "\\a",
    8: "\\b",
    9: "\\t",
    10: "\\n",
    11: "\\v",
    12: "\\f",
    13: "\\r",
    34: '"',
    39: "\\'",
    92: "\\\\",
}

Pairs = tuple[tuple[str, Any], ...]
"""A JSON object with its order and its repeated names. Arrays are lists, other values Python's own."""


_Step: TypeAlias = Callable[[], "_Step | None"]


class JSONProblem(ValueError):
    """The body is not JSON; the text is Go's."""


@dataclass(frozen=True, slots=True)
class Number:
    """Any number: the API has no use for one, so its size does not matter."""


def decode(body: bytes) -> Any:
    """Return the first JSON value of `body`.

    Raises:
        JSONProblem: there is none; the message says it as Go does.
    """
    text = _SURROGATE.sub("\ufffd", body.decode("utf-8", "surrogateescape"))
    start = _space(text, 0)
    problem: JSONProblem | None = None
    # A bare number is left to the scanner: Python takes "1." for 1 and a rest.
    if text[start : start + 1] not in set("-0123456789"):
        try:
            return _mended(_FAST.raw_decode(text, start)[0])
        except (ValueError, RecursionError):
            problem = JSONProblem("exceeded max depth")
    _Scanner(body.decode("latin-1")).scan()
    if problem:
        raise problem
    return Number()


def kind(value: Any) -> str:
    """Return what Go calls the kind of a decoded value in its messages."""
    names: dict[type, str] = {str: "string", bool: "bool", Number: "number", list: "array", tuple: "object"}
    return names[type(value)]


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    return [_mended(item) for item in value] if isinstance(value, list) else value


def _pairs(pairs: list[tuple[str, Any]]) -> Pairs:
    return tuple((_mended(name), _mended(value)) for name, value in pairs)


def _number(_: str) -> Number:
    return Number()


def _refuse(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are Python's own additions to JSON


_FAST = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_number, parse_float=_number, parse_constant=_refuse
)


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


class _Scanner:
    """Walks over one value, byte by byte as Go does, to find what is wrong with it and where.

    `text` holds one character per byte: Go names the byte, not the character, in its messages. Each step returns the
    next one, so that nesting costs no Python frames.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[str] = []

    def scan(self) -> None:
        """Raise the first problem of the first value, if there is any."""
        step: _Step | None = self._value
        while step:
            step = step()

    def _value(self) -> _Step | None:
        character = self._peek()
        if character in "{[":
            self._open.append(character)
            self._at += 1
            if len(self._open) > MAX_DEPTH:
                raise JSONProblem("exceeded max depth")
            return self._first
        if character == '"':
            self._string()
        elif character in _LITERALS:
            self._literal(_LITERALS[character])
        elif character in "-0123456789":
            self._number()
        else:
            raise self._fail("looking for beginning of value")
        return self._end

    def _first(self) -> _Step | None:
        if self._peek() == _CLOSES[self._open[-1]]:
            return self._end()
        return self._name if self._open[-1] == "{" else self._value

    def _name(self) -> _Step | None:
        if self._peek() != '"':
            raise self._fail("looking for beginning of object key string")
        self._string()
        if self._peek() != ":":
            raise self._fail("after object key")
        self._at += 1
        return self._value

    def _end(self) -> _Step | None:
        """A value has ended, or an empty object or array is about to."""
        if not self._open:
            return None
        character = self._peek()
        inside = self._open[-1]
        if character == _CLOSES[inside]:
            self._open.pop()
            self._at += 1
            return self._end
        if character != ",":
            raise self._fail("after object key:value pair" if inside == "{" else "after array element")
        self._at += 1
        return self._name if inside == "{" else self._value

    def _string(self) -> None:
        self._skip(_STRING)
        if self._here() == "\\":
            self._skip(_ESCAPE)
            in_hex = self._text[self._at - 1] != "\\"
            self._here()
            raise self._fail(r"in \u hexadecimal character escape" if in_hex else "in string escape code")
        if self._here() != '"':
            raise self._fail("in string literal")
        self._at += 1

    def _literal(self, word: str) -> None:
        for expected in word:
            if self._here() != expected:
                raise self._fail(f"in literal {word} (expecting {_quoted(expected)})")
            self._at += 1

    def _number(self) -> None:
        if self._here() == "-":
            self._at += 1
        if self._here() == "0":
            self._at += 1
        else:
            self._digits("in numeric literal")
        if self._text[self._at : self._at + 1] == ".":
            self._at += 1
            self._digits("after decimal point in numeric literal")
        if self._text[self._at : self._at + 1] in {"e", "E"}:
            self._at += 1
            if self._here() in "+-":
                self._at += 1
            self._digits("in exponent of numeric literal")

    def _digits(self, context: str) -> None:
        if self._here() not in "0123456789":
            raise self._fail(context)
        self._skip(_DIGITS)

    def _peek(self) -> str:
        """Return the next character that is not white space."""
        self._at = _space(self._text, self._at)
        return self._here()

    def _here(self) -> str:
        if self._at >= len(self._text):
            raise JSONProblem("unexpected EOF" if self._text.strip(" \t\r\n") else "EOF")
        return self._text[self._at]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _fail(self, context: str) -> JSONProblem:
        return JSONProblem(f"invalid character {_quoted(self._here())} {context}")


def _quoted(character: str) -> str:
    """Quote one byte as Go does: by name, in hexadecimal, or, where it is printable as Latin-1, as it is."""
    code = ord(character)
    if code in _NAMED:
        return f"'{_NAMED[code]}'"
    if code < 0x20 or code == 0x7F:
        return f"'\\x{code:02x}'"
    # No-break space and soft hyphen are the two of Latin-1 that Go does not print.
    if 0x80 <= code < 0xA1 or code == 0xAD:
        return f"'\\u{code:04x}'"
    return f"'{character}'"
