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

_Value: TypeAlias = "str | int | _Null | Callable[..., _Value] | list[_Value] | dict[str, _Value]"


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
    functions = {**_FUNCTIONS, "secrets.get": lambda key: secret(_as(str, key))}
    rows = [_as(dict, row) for row in _as(list, _value(call.arguments["rows"], {}, functions))]
    if not rows:
        raise _placed(call, FluxError("invalid", "rows must be non-empty"))
    columns = {name: _datatype(value) for name, value in rows[0].items()}
    cells = ([row[name] for name in columns] for row in rows)
    return Table(columns, tuple(tuple("" if isinstance(one, _Null) else str(one) for one in row) for row in cells))


def _datatype(value: _Value) -> str:
    if value is _Null.UNTYPED:
        raise FluxError("invalid", "cannot represent the type null as column data")
    if not isinstance(value, _Null) and type(value) not in _DATATYPES:
        raise unsupported("a column of something else than strings")
    return value.value if isinstance(value, _Null) else _DATATYPES[type(value)]


def _as(kind: type[_T], value: object) -> _T:
    if not isinstance(value, kind):
        raise unsupported("a value of another type than is needed there")
    return value


def _placed(call: Call, problem: FluxError) -> FluxError:
    """Return `problem` with the place of the call in front, as Flux words it."""
    _, _, function = call.function.partition(".")
    return FluxError(problem.code, f'error calling function "{function}" @{call.place}: {problem}')


def _value(
    expression: Expression, scope: Mapping[str, _Value], functions: Mapping[str, Callable[..., _Value]]
) -> _Value:
    """Compute a value in the order of the script; the first failure ends it."""
    match expression:
        case list():
            return [_value(item, scope, functions) for item in expression]
        case dict():
            return {name: _value(item, scope, functions) for name, item in expression.items()}
        case Parameter(name):
            return scope[name]
        case Function(parameter, body):
            return lambda argument=_Null.UNTYPED: _value(body, {**scope, parameter: argument}, functions)
        case Call(function, arguments, place):
            given = {name: _value(argument, scope, functions) for name, argument in arguments.items()}
            try:
                return functions[function](**given)
            except FluxError as problem:
                raise _placed(expression, problem) if place else problem from None
    return expression


def _member(record: _Value, name: str) -> _Value:
    members: dict[str, _Value] = _as(dict, record)
    if name not in members:
        raise unsupported("a record without a member that it names")
    return members[name]


def _hmac(v: _Value, k: _Value) -> str:
    # Flux's own choice: HMAC with SHA-1.
    signature = hmac.digest(_as(str, k).encode(), _as(str, v).encode(), "sha1")
    return base64.b64encode(signature).decode()


def _caught(fn: Callable[[], _Value]) -> _Value:
    try:
        return {"value": fn(), "code": _Null.NUMBER, "msg": _Null.STRING}
    except FluxError as problem:
        return {"value": _Null.UNTYPED, "code": _CAUGHT, "msg": str(problem)}


def _split(v: _Value, t: _Value) -> list[_Value]:
    if not t:
        raise unsupported("strings.split without a separator")
    return [*_as(str, v).split(_as(str, t))]


def _nested(**_: _Value) -> _Value:
    raise unsupported("array.from inside of a value")


_FUNCTIONS: Mapping[str, Callable[..., _Value]] = {
    "+": lambda parts: "".join(_as(str, part) for part in parts),
    "exists": lambda value: not isinstance(value, _Null),
    "if": lambda test, then, otherwise: (then if _as(bool, test) else otherwise)(),
    "member": _member,
    "hash.sha256": lambda v: hashlib.sha256(_as(str, v).encode()).hexdigest(),
    "hash.hmac": _hmac,
    "array.from": _nested,
    "array.map": lambda arr, fn: [fn(item) for item in _as(list, arr)],
    "experimental.catch": _caught,
    "strings.split": _split,
}
