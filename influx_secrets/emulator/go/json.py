r"""Reads JSON as Go's `encoding/json` does, because the server's answers depend on its habits.

What differs from Python's `json`: only the first value of a body is read and the rest ignored; bytes that are not UTF-8
and half surrogate pairs become U+FFFD, one each; the first problem is told in Go's words. Seen on influxd 2.9.1.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

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


_Step: TypeAlias = Callable[[], "_Step | None"]


class JSONError(ValueError):
    """The body is not JSON; the text is Go's."""


@dataclass(frozen=True, slots=True)
class Number:
    """Any number: the API has no use for one, so its size does not matter."""


Pairs: TypeAlias = "tuple[tuple[str, Value], ...]"
"""A JSON object with its order and its repeated names."""

Value: TypeAlias = "Pairs | list[Value] | str | bool | Number | None"


def decode(body: bytes) -> Value:
    """Return the first JSON value of `body`.

    Raises:
        JSONError: there is none; the message says it as Go does.
    """
    text = _SURROGATE.sub("\ufffd", body.decode("utf-8", "surrogateescape"))
    start = _space(text, 0)
    # A bare number is left to the scanner: Python takes "1." for 1 and a rest.
    is_number = text[start : start + 1] in set("-0123456789")
    with contextlib.suppress(ValueError, RecursionError):
        if not is_number:
            return _mended(_FAST.raw_decode(text, start)[0])
    _Scanner(body.decode("latin-1")).scan()
    if is_number:
        return Number()
    raise JSONError(f"invalid character '{text[start]}' exceeded max depth")


def kind(value: Value) -> str:
    """Return what Go calls the kind of a decoded value in its messages."""
    names: dict[type, str] = {str: "string", bool: "bool", Number: "number", list: "array", tuple: "object"}
    return names.get(type(value), "null")


def misfit(value: Value, target: str) -> JSONError:
    """Return Go's complaint about a value that is not of the type that `target` names."""
    return JSONError(f"json: cannot unmarshal {kind(value)} into Go {target}")


def folded(name: str) -> str:
    """Return a field's name as Go compares it: with Unicode's simple folding, where the long s is an s."""
    return name.replace("\u017f", "s").lower()


def string_list(items: Value, memory: list[str], field: str) -> list[str]:
    """Return a list of strings; where `null` stands, Go leaves what a field given twice had put there before.

    Raises:
        JSONError: it is something else.
    """
    if items is None:
        return []
    if not isinstance(items, list):
        raise misfit(items, f"struct field {field} of type []string")
    found = []
    for index, item in enumerate(items):
        if item is None:
            found.append(memory[index] if index < len(memory) else "")
        elif isinstance(item, str):
            found.append(item)
        else:
            raise misfit(item, f"struct field {field} of type string")
    return found


def _mend(text: str) -> str:
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _mended(value: Value) -> Value:
    if isinstance(value, str):
        return _mend(value)
    return [_mended(item) for item in value] if isinstance(value, list) else value


def _pairs(pairs: list[tuple[str, Value]]) -> Pairs:
    return tuple((_mend(name), _mended(value)) for name, value in pairs)


def _number(_: str) -> Number:
    return Number()


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's own additions to JSON


_FAST = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_number, parse_float=_number, parse_constant=_refuse)


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
            if len(self._open) == MAX_DEPTH:
                raise self._fail("exceeded max depth")
            self._open.append(character)
            self._at += 1
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
            raise JSONError("unexpected EOF" if self._text.strip(" \t\r\n") else "EOF")
        return self._text[self._at]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _fail(self, context: str) -> JSONError:
        return JSONError(f"invalid character {_quoted(self._here())} {context}")


def _quoted(character: str) -> str:
    """Quote one byte as Go does: by name, in hexadecimal, or, where it is printable as Latin-1, as it is."""
    if ord(character) in _NAMED:
        return f"'{_NAMED[ord(character)]}'"
    if character.isprintable():
        return f"'{character}'"
    return f"'\\x{ord(character):02x}'" if character.isascii() else f"'\\u{ord(character):04x}'"
