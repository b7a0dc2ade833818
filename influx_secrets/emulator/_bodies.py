"""Turns request bodies into what the secrets calls take, with the words of Go where they do not fit."""

from __future__ import annotations

from . import _gojson
from ._gojson import JSONError, Value


def string_map(body: bytes) -> dict[str, str]:
    """Return a JSON object of strings, the body of PATCH.

    `null` counts as the empty object, and as the empty string: the server writes an empty value for `{"k": null}`.

    Raises:
        JSONError: it is something else.
    """
    value = _gojson.decode(body)
    if value is None:
        return {}
    if not isinstance(value, tuple):
        raise _misfit(value, "value of type map[string]string")
    found: dict[str, str] = {}
    for name, item in value:
        found[name] = _string(item, "value of type string")
    return found


def secret_keys(body: bytes) -> list[str]:
    """Return the keys that a POST delete names: the field `secrets`, in any case. Other fields are ignored.

    Raises:
        JSONError: it is something else than an object with a list of strings.
    """
    value = _gojson.decode(body)
    if value is None:
        return []
    if not isinstance(value, tuple):
        raise _misfit(value, "value of type secret.secretsDeleteBody")
    keys: list[str] = []
    problem: JSONError | None = None
    memory: list[str] = []
    for name, items in value:
        if _folded(name) != "secrets":
            continue
        try:
            keys = _string_list(items, memory)
        except JSONError as error:
            problem = problem or error
        else:
            memory = keys + memory[len(keys) :] if keys else []
    if problem:
        raise problem
    return keys


def _string_list(items: Value, memory: list[str]) -> list[str]:
    """Return a list of strings; where `null` stands, Go leaves what a field given twice had put there before."""
    target = "struct field secretsDeleteBody.secrets of type"
    if items is None:
        return []
    if not isinstance(items, list):
        raise _misfit(items, f"{target} []string")
    before = memory + [""] * len(items)
    return [before[index] if item is None else _string(item, f"{target} string") for index, item in enumerate(items)]


def _string(value: Value, target: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _misfit(value, target)
    return value


def _misfit(value: Value, target: str) -> JSONError:
    return JSONError(f"json: cannot unmarshal {_gojson.kind(value)} into Go {target}")


def _folded(name: str) -> str:
    # Go compares field names with Unicode's simple folding, where the long s is an s.
    return name.replace("\u017f", "s").lower()
