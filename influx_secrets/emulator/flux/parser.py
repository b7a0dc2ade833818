"""Parses the subset of Flux that the emulator runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from influx_secrets.emulator.flux.tokens import FluxError, Token, not_understood, scan, unsupported

_PACKAGES = {
    "array": "array",
    "contrib/qxip/hash": "hash",
    "experimental": "experimental",
    "influxdata/influxdb/secrets": "secrets",
    "strings": "strings",
}
_ARGUMENTS = {
    "array.from": {"rows"},
    "array.map": {"arr", "fn"},
    "experimental.catch": {"fn"},
    "hash.hmac": {"v", "k"},
    "hash.sha256": {"v"},
    "secrets.get": {"key"},
    "strings.split": {"v", "t"},
}
_PIPED = {"array.from": "rows", "array.map": "arr"}
"""The argument that takes what stands before `|>`."""

_PARAMETER = {"array.map": "x", "experimental.catch": ""}
"""The name that the parameter of `fn` must have (Flux refuses others); empty: it must have none."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """The parameter of a function, where it is used."""

    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one parameter; an empty name: of none."""

    parameter: str
    body: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A call with named arguments, at a place as Flux writes it: line and column, counted from one, in bytes.

    The operators are calls without a place: `+` of `parts`, `exists` of `value`, `member` of `record` and `name`, and
    `if` of `test`, and of `then` and `otherwise`, which are functions, as one of them is not run.
    """

    function: str
    arguments: Mapping[str, Expression]
    place: str = ""


Expression: TypeAlias = "str | list[Expression] | dict[str, Expression] | Parameter | Function | Call"


def parse(source: bytes, absent: Collection[str] = ()) -> Call:
    """Return the only statement after the imports: a call of `array.from`."""
    try:
        return _Parser(source).script(absent)
    except RecursionError:
        raise unsupported("it is nested too deeply") from None


class _Parser:
    """A recursive descent."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._imported: set[str] = set()
        self._parameters: tuple[str, ...] = ()
        self._tokens = list(scan(source))
        self._index = 0

    def script(self, absent: Collection[str]) -> Call:
        refusals = []
        while self._is("import"):
            start = self._take("keyword").start
            path = self._take("text")
            if path.text not in _PACKAGES:
                raise unsupported(f'import "{path.text}"')
            if path.text in absent:
                place = f"{self._place(start)}-{self._place(path.end)}"
                refusals.append(FluxError("invalid", f"error @{place}: invalid import path {path.text}"))
            self._imported.add(_PACKAGES[path.text])
        statement = self._pipe()
        self._take("end")
        if not isinstance(statement, Call) or statement.function != "array.from":
            raise unsupported("it does not end in array.from(rows: ...)")
        if refusals:
            raise refusals[0]
        return statement

    def _expression(self) -> Expression:
        if self._takes("if"):
            test = self._expression()
            self._take("keyword", "then")
            then = self._expression()
            self._take("keyword", "else")
            otherwise = self._expression()
            return Call("if", {"test": test, "then": Function("", then), "otherwise": Function("", otherwise)})
        if self._takes("exists"):
            return Call("exists", {"value": self._expression()})
        parts = [self._pipe()]
        while self._takes("+"):
            parts.append(self._pipe())
        return parts[0] if len(parts) == 1 else Call("+", {"parts": parts})

    def _pipe(self) -> Expression:
        value = self._operand()
        while self._takes("."):
            value = Call("member", {"record": value, "name": self._take("name").text})
        while self._takes("|>"):
            value = self._call(value)
        return value

    def _operand(self) -> Expression:
        if self._here.kind == "text":
            return self._take("text").text
        if self._is("["):
            return self._list()
        if self._is("{"):
            return self._labelled("{", "}")
        if self._is("("):
            return self._function() or self._group()
        if self._here.text in self._parameters:
            return Parameter(self._take("name").text)
        return self._call()

    def _list(self) -> list[Expression]:
        items = [self._expression() for _ in self._separated("[", "]")]
        # Flux compares types before it runs anything: no secret is looked up.
        if len({frozenset(item) if isinstance(item, dict) else None for item in items}) > 1:
            raise unsupported("records with different columns")
        return items

    def _function(self) -> Function | None:
        """Return the function that begins here; None: a group in parentheses does."""
        names = self._tokens[self._index + 1].kind == "name"
        if not self._is(")", 1 + names) or not self._is("=>", 2 + names):
            return None
        parameter = self._tokens[self._index + 1].text if names else ""
        self._index += 3 + names
        if self._is("{"):  # a block; a record as the result stands in parentheses
            raise not_understood(self._source, self._here.start)
        outer, self._parameters = self._parameters, (*self._parameters, parameter)
        body = self._expression()
        self._parameters = outer
        return Function(parameter, body)

    def _group(self) -> Expression:
        self._take("mark", "(")
        value = self._expression()
        self._take("mark", ")")
        return value

    def _call(self, piped: Expression | None = None) -> Call:
        package = self._take("name")
        self._take("mark", ".")
        name = f"{package.text}.{self._take('name').text}"
        if package.text not in self._imported or name not in _ARGUMENTS:
            raise unsupported(name)
        arguments = self._labelled("(", ")")
        if piped is not None and name in _PIPED:
            arguments = {_PIPED[name]: piped, **arguments}
        function = arguments.get("fn")
        known = function is None or (isinstance(function, Function) and function.parameter == _PARAMETER.get(name))
        if set(arguments) != _ARGUMENTS[name] or not known:
            raise unsupported(f"{name} with other arguments than {', '.join(sorted(_ARGUMENTS[name]))}")
        end = self._tokens[self._index - 1].end
        # Flux compiles the function of `array.map`, the only one with a parameter; it names no place in there (0.200).
        place = "" if any(self._parameters) else f"{self._place(package.start)}-{self._place(end)}"
        return Call(name, arguments, place)

    def _labelled(self, opening: str, closing: str) -> dict[str, Expression]:
        found: dict[str, Expression] = {}
        for _ in self._separated(opening, closing):
            label = self._take("text" if self._here.kind == "text" else "name").text
            self._take("mark", ":")
            if label in found:
                raise unsupported("a label that is there twice")
            found[label] = self._expression()
        return found

    def _separated(self, opening: str, closing: str) -> Iterator[None]:
        """Yield before each item of a list with commas between, a last comma allowed."""
        self._take("mark", opening)
        while not self._takes(closing):
            yield
            if not self._is(closing):
                self._take("mark", ",")

    @property
    def _here(self) -> Token:
        return self._tokens[self._index]

    def _is(self, text: str, ahead: int = 0) -> bool:
        token = self._tokens[min(self._index + ahead, len(self._tokens) - 1)]
        return token.kind in {"mark", "keyword"} and token.text == text

    def _takes(self, text: str) -> bool:
        found = self._is(text)
        self._index += found
        return found

    def _take(self, kind: str, text: str = "") -> Token:
        token = self._here
        if token.kind != kind or (text and token.text != text):
            raise not_understood(self._source, token.start)
        self._index += 1
        return token

    def _place(self, offset: int) -> str:
        line, column = self._source.count(b"\n", 0, offset) + 1, offset - self._source.rfind(b"\n", 0, offset)
        return f"{line}:{column}"
