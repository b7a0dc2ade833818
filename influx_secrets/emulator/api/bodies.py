"""Turns request bodies into what the secrets calls take, with the words of Go where they do not fit."""

from __future__ import annotations

from influx_secrets.emulator.go.json import JSONError, Value, decode, folded, misfit, string_list


def string_map(body: bytes) -> dict[str, str]:
    """Return a JSON object of strings, the body of PATCH.

    `null` counts as the empty object, and as the empty string: the server writes an empty value for `{"k": null}`.

    Raises:
        JSONError: it is something else.
    """
    value = decode(body)
    if value is None:
        return {}
    if not isinstance(value, tuple):
        raise misfit(value, "value of type map[string]string")
    found: dict[str, str] = {}
    for name, item in value:
        found[name] = _string(item, "value of type string")
    return found


def secret_keys(body: bytes) -> list[str]:
    """Return the keys that a POST delete names: the field `secrets`, in any case. Other fields are ignored.

    Raises:
        JSONError: it is something else than an object with a list of strings.
    """
    value = decode(body)
    if value is None:
        return []
    if not isinstance(value, tuple):
        raise misfit(value, "value of type secret.secretsDeleteBody")
    keys: list[str] = []
    problem: JSONError | None = None
    memory: list[str] = []
    for name, items in value:
        if folded(name) != "secrets":
            continue
        try:
            keys = string_list(items, memory, "secretsDeleteBody.secrets")
        except JSONError as error:
            problem = problem or error
        else:
            memory = keys + memory[len(keys) :] if keys else []
    if problem:
        raise problem
    return keys


def _string(value: Value, target: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise misfit(value, target)
    return value
