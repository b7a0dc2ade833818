r"""Runs the little Flux that the emulator knows: one `array.from` of records of strings.

A value may be a string literal, `secrets.get(key:)`, `hash.sha256(v:)`, `hash.hmac(v:, k:)`, and their sum: what is
needed to use secrets, and to prove values without reading them. All else is refused with a message that says so.
Tokens, escapes and the places named in messages are those of Flux 0.200 (columns count bytes).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(
    rb"""
      (?P<space>[ \t\r\n\v\f]+|//[^\n]*)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | "(?P<text>(?:[^"\\$\x00]|\\(?:[nrt\\"]|\$\{|x[0-9A-Fa-f]{2})|\$[^{"\x00])*\$?)"
    | (?P<mark>[()\[\]{}:,.+])
    """,
    re.VERBOSE,
)
# In a string a dollar takes the byte behind it along, a backslash too: `$\"` ends the string, and `"$\\"` does not.
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|[nrt\\\"$])?")
_PACKAGES = {"array": "array", "influxdata/influxdb/secrets": "secrets", "contrib/qxip/hash": "hash"}
_ARGUMENTS = {
    ("array", "from"): {"rows"},
    ("secrets", "get"): {"key"},
    ("hash", "sha256"): {"v"},
    ("hash", "hmac"): {"v", "k"},
}
_KEYWORDS = frozenset(
    {"and", "builtin", "else", "exists", "if", "import", "not", "option", "or", "package", "return", "testcase", "then"}
)

_NO_STREAM = (
    "error in query specification while starting program: this Flux script returns no streaming data. "
    'Consider adding a "yield" or invoking streaming functions directly, without performing an assignment'
)


class FluxError(Exception):
    """A query that fails; `code` is the API's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Table:
    """The result: rows of strings in the order of `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is name, text, mark or end; `start` and `end` are byte offsets."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Call:
    """A function of a package with its named arguments."""

    package: str
    function: str
    arguments: Mapping[str, _Value]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Sum:
    """Strings to be joined."""

    parts: tuple[_Value, ...]


_Record: TypeAlias = "dict[str, _Value]"
_Value: TypeAlias = "str | _Call | _Sum | list[_Record]"


def run(script: str, secret: Callable[[str], str]) -> Table:
    """Return the table that `script` makes; `secret` looks a key up and raises FluxError where it cannot.

    Raises:
        FluxError: the script is not understood, or `secret` failed.
    """
    source = script.encode("utf-8", "replace")
    call = _Parser(source).script()
    records = call.arguments.get("rows")
    if (call.package, call.function) != ("array", "from") or not isinstance(records, list):
        raise unsupported("the script does not end in array.from(rows: [...])")
    if not records:
        raise _failed(source, call, FluxError("invalid", "rows must be non-empty"))
    columns = tuple(records[0])
    if any(set(record) != set(columns) for record in records):
        # Flux looks at types before it runs anything: no secret is looked up.
        raise unsupported("records with different columns")
    evaluate = _Evaluation(source, secret).value
    rows = [{name: evaluate(value) for name, value in record.items()} for record in records]
    return Table(columns, tuple(tuple(row[name] for name in columns) for row in rows))


def unsupported(what: str) -> FluxError:
    """Return the refusal of a script that Flux might run and the emulator does not."""
    known = "string literals, secrets.get(key:), hash.sha256(v:), hash.hmac(v:, k:) and sums of these"
    return FluxError(
        "invalid",
        f"the influx_secrets emulator does not run this script: {what}. "
        f"It runs one array.from(rows: [...]) of records whose values are {known}",
    )


def _failed(source: bytes, call: _Call, problem: FluxError) -> FluxError:
    """Return `problem` with the place of the call in front, as Flux tells it."""
    start, end = _place(source, call.start), _place(source, call.end)
    message = f'error calling function "{call.function}" @{start}-{end}: {problem}'
    return FluxError(problem.code, message)


def _place(source: bytes, offset: int) -> str:
    """Return line and column as Flux counts them: from one, in bytes."""
    before = source[:offset]
    line, column = before.count(b"\n") + 1, offset - before.rfind(b"\n")
    return f"{line}:{column}"


class _Evaluation:
    """Computes values, in the order of the text; the first failure ends it."""

    def __init__(self, source: bytes, secret: Callable[[str], str]) -> None:
        self._source = source
        self._secret = secret

    def value(self, value: _Value) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, _Sum):
            return "".join(self.value(part) for part in value.parts)
        if isinstance(value, _Call):
            return self._call(value)
        raise unsupported("an array inside of a record")

    def _call(self, call: _Call) -> str:
        given = {name: self.value(argument) for name, argument in call.arguments.items()}
        if call.function == "get":
            try:
                return self._secret(given["key"])
            except FluxError as problem:
                raise _failed(self._source, call, problem) from None
        if call.function == "sha256":
            return hashlib.sha256(given["v"].encode()).hexdigest()
        if call.function == "hmac":
            # Flux's own choice: HMAC with SHA-1.
            return base64.b64encode(hmac.digest(given["k"].encode(), given["v"].encode(), "sha1")).decode()
        raise unsupported(f"{call.package}.{call.function} inside of a record")


class _Parser:
    """Reads a script by recursive descent."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._imported: dict[str, None] = {}
        self._tokens = list(_scan(source))
        self._index = 0

    def script(self) -> _Call:
        """Return the only statement after the imports."""
        while self._is("import"):
            self._take("name")
            path = self._take("text").text
            if path not in _PACKAGES:
                raise unsupported(f'import "{path}"')
            self._imported[_PACKAGES[path]] = None
        if self._here.kind == "end":
            raise FluxError("invalid", _NO_STREAM)
        statement = self._operand()
        self._take("end")
        if not isinstance(statement, _Call):
            raise unsupported("the script does not end in array.from(rows: [...])")
        return statement

    @property
    def _here(self) -> _Token:
        return self._tokens[self._index]

    def _is(self, text: str) -> bool:
        return self._here.kind != "text" and self._here.text == text

    def _take(self, kind: str, text: str | None = None) -> _Token:
        token = self._here
        if token.kind != kind or (text is not None and token.text != text):
            line = self._source.count(b"\n", 0, token.start) + 1
            raise unsupported(f"line {line} has {_shown(token)} where {_wanted(kind, text)} was expected")
        self._index += 1
        return token

    def _value(self) -> _Value:
        parts = [self._operand()]
        while self._is("+"):
            self._take("mark")
            parts.append(self._operand())
        return parts[0] if len(parts) == 1 else _Sum(tuple(parts))

    def _operand(self) -> _Value:
        if self._here.kind == "text":
            return self._take("text").text
        if self._is("["):
            return [self._record() for _ in self._listed("[", "]")]
        return self._call()

    def _call(self) -> _Call:
        package = self._take("name")
        if package.text not in self._imported:
            raise unsupported(f"{package.text} is not imported")
        self._take("mark", ".")
        function = self._take("name").text
        wanted = _ARGUMENTS.get((package.text, function))
        if wanted is None:
            raise unsupported(f"{package.text}.{function}")
        labelled = [self._labelled() for _ in self._listed("(", ")")]
        arguments = dict(labelled)
        if len(arguments) < len(labelled):
            raise FluxError("invalid", "duplicate keyword parameter specified")
        if set(arguments) != wanted:
            raise unsupported(f"{package.text}.{function} with other arguments than {', '.join(sorted(wanted))}")
        return _Call(package.text, function, arguments, package.start, self._tokens[self._index - 1].end)

    def _record(self) -> _Record:
        record: _Record = {}
        for _ in self._listed("{", "}"):
            label, value = self._labelled()
            if label in record:
                raise FluxError("invalid", f'duplicate key in object: "{label}"')
            record[label] = value
        return record

    def _labelled(self) -> tuple[str, _Value]:
        if self._here.kind == "name" and self._here.text in _KEYWORDS:
            raise FluxError("invalid", f'unexpected token for property key: "{self._here.text}"')
        label = self._take("text" if self._here.kind == "text" else "name").text
        self._take("mark", ":")
        return label, self._value()

    def _listed(self, opening: str, closing: str) -> Iterator[None]:
        """Yield before each item of a list with commas between, a last comma allowed."""
        self._take("mark", opening)
        while not self._is(closing):
            yield
            if not self._is(closing):
                self._take("mark", ",")
        self._take("mark", closing)


def _scan(source: bytes) -> Iterator[_Token]:
    offset = 0
    while offset < len(source):
        found = _TOKEN.match(source, offset)
        if found is None:
            line = source.count(b"\n", 0, offset) + 1
            raise unsupported(f"line {line} has a character or a string literal that it does not know")
        kind = found.lastgroup or ""
        if kind == "text":
            yield _Token(kind, _unescaped(found["text"]), offset, found.end())
        elif kind != "space":
            yield _Token(kind, found[0].decode(), offset, found.end())
        offset = found.end()
    yield _Token("end", "", offset, offset)


def _unescaped(literal: bytes) -> str:
    named = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}

    def plain(found: re.Match[bytes]) -> bytes:
        code: bytes | None = found[1]
        if code is None:
            raise unsupported("a string literal with an unknown escape")
        return bytes([int(code[1:], 16)]) if code[:1] == b"x" else named.get(code, code)

    try:
        return _ESCAPE.sub(plain, literal).decode()
    except UnicodeDecodeError:
        raise unsupported("a string literal whose bytes are not UTF-8") from None


def _shown(token: _Token) -> str:
    # A text may be a value that the script compares with: it is not repeated.
    return {"end": "its end", "text": "a string literal"}.get(token.kind, f'"{token.text}"')


def _wanted(kind: str, text: str | None) -> str:
    return f'"{text}"' if text else {"end": "the end", "text": "a string literal", "name": "a name"}.get(kind, kind)
