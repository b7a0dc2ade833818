"""Decodes JSON bodies with the leniencies of Go's `encoding/json`."""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn, TypeAlias

_SURROGATE = re.compile("[\ud800-\udfff]")

Members: TypeAlias = "tuple[tuple[str, Value], ...]"
"""A JSON object: a name may come twice, and Go looks at each."""

Value: TypeAlias = "Members | list[Value] | str | bool | float | None"


class JSONError(ValueError):
    """A body that is not JSON, or not of the shape that is asked for; Go would say where and why."""

    def __init__(self) -> None:
        super().__init__("the body is not the JSON that this call takes")


def members(body: bytes) -> Members:
    """Return the members of the object that a body begins with; `null` counts as one without any.

    As influxd 2.9.1, it ignores what follows the first value, and reads U+FFFD for each byte that is not UTF-8 and each
    half of a surrogate pair.
    """
    text = _SURROGATE.sub("\ufffd", body.decode("utf-8", "surrogateescape"))
    try:
        value, _ = _DECODER.raw_decode(text.lstrip(" \t\r\n"))
    except (ValueError, RecursionError):
        raise JSONError from None
    return as_members(value)


def as_members(value: Value) -> Members:
    """Return the members of an object."""
    if not isinstance(value, tuple | None):
        raise JSONError
    return value or ()


def as_string(value: Value) -> str:
    """Return a string; `null` is an empty one."""
    if not isinstance(value, str | None):
        raise JSONError
    return _SURROGATE.sub("\ufffd", value or "")


def as_strings(value: Value) -> list[str]:
    """Return a list of strings; `null` is an empty one."""
    if not isinstance(value, list | None):
        raise JSONError
    return [as_string(item) for item in value or ()]


def _members(pairs: list[tuple[str, Value]]) -> Members:
    return tuple((_SURROGATE.sub("\ufffd", name), value) for name, value in pairs)


def _number(_: str) -> float:
    return math.nan  # no call takes a number, whatever its size


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's own additions to JSON


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_int=_number, parse_float=_number, parse_constant=_refuse)
