"""Runs a script of the subset of Flux that proves values."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, TypeVar

from influx_secrets.emulator.flux.parser import Call, Expression, Function, Parameter, parse
from influx_secrets.emulator.flux.tokens import FluxError, unsupported

_T = TypeVar("_T")


class _Null(Enum):
    """No value: the datatype of the column that it can stand in; without a type it makes none."""

    STRING = "string"
    NUMBER = "unsignedLong"
    UNTYPED = ""


_DATATYPES = {str: "string", int: "unsignedLong"}
_CAUGHT = 2
"""The code of an error in `experimental.catch`, for a missing secret as for a missing permission (influxd 2.9.1)."""


@dataclass(frozen=True, slots=True)
class _Closure:
    """A function and the parameters of the functions around it."""

    function: Function
    scope: Mapping[str, _Value]


_Value: TypeAlias = "str | int | _Null | _Closure | list[_Value] | dict[str, _Value]"


@dataclass(frozen=True, slots=True)
class Table:
    """The result: rows of cells in the order of `columns`, which have names and datatypes."""

    columns: Mapping[str, str]
    rows: tuple[tuple[str, ...], ...]


def run(script: str, secret: Callable[[str], str], absent: Collection[str] = ()) -> Table:
    """Return the table that `script` makes; `secret` looks a key up and raises FluxError where it cannot.

    Raises:
        FluxError: The script is not understood, imports a package that is `absent`, or `secret` failed.
    """
    call = parse(script.encode("utf-8", "replace"), absent)
    rows = [_as(dict, row) for row in _as(list, _Evaluation(secret).value(call.arguments["rows"], {}))]
    if not rows:
        raise _placed(call, FluxError("invalid", "rows must be non-empty"))
    columns = {name: _datatype(value) for name, value in rows[0].items()}
    return Table(columns, tuple(tuple(_cell(row[name]) for name in columns) for row in rows))


def _datatype(value: _Value) -> str:
    if value is _Null.UNTYPED:
        raise FluxError("invalid", "cannot represent the type null as column data")
    if not isinstance(value, _Null) and type(value) not in _DATATYPES:
        raise unsupported("a column of something else than strings")
    return value.value if isinstance(value, _Null) else _DATATYPES[type(value)]


def _cell(value: _Value) -> str:
    return "" if isinstance(value, _Null) else str(value)


def _as(kind: type[_T], value: object) -> _T:
    if not isinstance(value, kind):
        raise unsupported("a value of another type than is needed there")
    return value


def _placed(call: Call, problem: FluxError) -> FluxError:
    """Return `problem` with the place of the call in front, as Flux words it."""
    _, _, function = call.function.partition(".")
    return FluxError(problem.code, f'error calling function "{function}" @{call.place}: {problem}')


class _Evaluation:
    """Computes values in the order of the script; the first failure ends it.

    Flux compiles the function that is given to `array.map`, and names no places in there (0.200).
    """

    def __init__(self, secret: Callable[[str], str], *, compiled: bool = False) -> None:
        self.secret = secret
        self._compiled = compiled

    def value(self, expression: Expression, scope: Mapping[str, _Value]) -> _Value:
        match expression:
            case str():
                return expression
            case list():
                return [self.value(item, scope) for item in expression]
            case dict():
                return {name: self.value(item, scope) for name, item in expression.items()}
            case Parameter(name):
                return scope[name]
            case Function():
                return _Closure(expression, scope)
            case Call():
                given = {name: self.value(argument, scope) for name, argument in expression.arguments.items()}
                try:
                    return self.called(expression.function, given)
                except FluxError as problem:
                    if self._compiled or not expression.place:
                        raise
                    raise _placed(expression, problem) from None

    def called(self, function: str, given: Mapping[str, _Value]) -> _Value:
        if function not in _FUNCTIONS:
            raise unsupported(f"{function} inside of a value")
        return _FUNCTIONS[function](self, **given)

    def mapped(self, items: _Value, function: _Value) -> _Value:
        inside = _Evaluation(self.secret, compiled=True)
        return [inside.applied(function, item) for item in _as(list, items)]

    def caught(self, function: _Value) -> _Value:
        try:
            return {"value": self.applied(function), "code": _Null.NUMBER, "msg": _Null.STRING}
        except FluxError as problem:
            return {"value": _Null.UNTYPED, "code": _CAUGHT, "msg": str(problem)}

    def applied(self, function: _Value, argument: _Value = _Null.UNTYPED) -> _Value:
        closure = _as(_Closure, function)
        return self.value(closure.function.body, {**closure.scope, closure.function.parameter: argument})


def _member(record: _Value, name: str) -> _Value:
    members: dict[str, _Value] = _as(dict, record)
    if name not in members:
        raise unsupported("a record without a member that it names")
    return members[name]


def _hmac(v: _Value, k: _Value) -> str:
    # Flux's own choice: HMAC with SHA-1.
    signature = hmac.digest(_as(str, k).encode(), _as(str, v).encode(), "sha1")
    return base64.b64encode(signature).decode()


_FUNCTIONS: Mapping[str, Callable[..., _Value]] = {
    "+": lambda _, parts: "".join(_as(str, part) for part in parts),
    "exists": lambda _, value: not isinstance(value, _Null),
    "if": lambda run, test, then, otherwise: run.applied(then if _as(bool, test) else otherwise),
    "member": lambda _, record, name: _member(record, name),
    "secrets.get": lambda run, key: run.secret(_as(str, key)),
    "hash.sha256": lambda _, v: hashlib.sha256(_as(str, v).encode()).hexdigest(),
    "hash.hmac": lambda _, v, k: _hmac(v, k),
    "array.map": lambda run, arr, fn: run.mapped(arr, fn),
    "experimental.catch": lambda run, fn: run.caught(fn),
}
