"""Which types an input may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from influx_secrets._errors import DeclarationError
from influx_secrets._model.keys import ENGINE_MARK, TOO_LONG_FOR_A_MAP, fits_a_map
from influx_secrets._text import is_utf8, quote

Problem: TypeAlias = Callable[[object], "str | None"]
"""Returns what is wrong with a value, as the end of a sentence that begins with its name, or None. Never the value."""

DECLARATION: Final = "declaration"
"""The property that a program adds for `check`, which removes it.

Its entries: `resource`, `preview`, and of an `OrgSecrets` also `provider`, `resources`, and either `values`, the known
ones as JSON, or, where these are in the map, `keys` and `ignoring`.
"""

_OUTPUT_AS_STRING: Final = "Calling __str__ on an Output[T] is not supported"
"""How the string begins that the SDK makes of an output, instead of failing."""

_STRING_HINTS: Final[Mapping[str, str]] = {
    "None": ": to read a string from the config, use config.require or config.require_secret",
    **dict.fromkeys(("int", "float"), ": use str(...), or .apply(str) of an Output"),
}

_NAME: Final = re.compile(r"[\w .-]{1,64}")

_SWITCH_WORDS: Final = frozenset(("", "0", "1", "false", "true", "no", "yes", "off", "on"))
"""Strings that a program gives for a switch by mistake; any other may be a secret, and is not shown."""


def string_problem(value: object) -> str | None:
    if not isinstance(value, str):
        name = type_name(value)
        return f"must be a string, not {name}{_STRING_HINTS.get(name, '')} (IS108)"
    if _OUTPUT_AS_STRING in value:
        return "contains an error text: str and f-strings cannot read Outputs. Use pulumi.Output.concat(...) (IS114)"
    wrong = "cannot be sent as UTF-8. Convert its source, such as a file or an environment variable, to UTF-8 (IS115)"
    return None if is_utf8(value) else wrong


def name_problem(value: object) -> str | None:
    """Whether a value is no name of a variable or a profile; a token, given by mistake, must not reach the state."""
    if not isinstance(value, str) or _NAME.fullmatch(value):
        return string_problem(value)
    return "must be a name of at most 64 letters, digits, spaces, _, - and dots, not the token itself (IS220)"


def optional_string_problem(value: object) -> str | None:
    return None if value is None else string_problem(value)


def key_problem(value: object) -> str | None:
    """Whether a string cannot be a key of a map that goes to the engine."""
    if value == ENGINE_MARK:
        return "is a name that Pulumi reserves for itself: choose another key (IS121)"
    return None if fits_a_map(str(value)) else TOO_LONG_FOR_A_MAP


def switch_problem(value: object) -> str | None:
    """Whether a value is neither a boolean nor None, which stands for the default."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        shown = f"the string {quote(value)}" if value.lower() in _SWITCH_WORDS else "str"
        return f"must be True or False, not {shown}: use config.get_bool (IS110)"
    return f"must be True or False, not {type_name(value)} (IS110)"


def number_problem(value: object) -> str | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return None
    hint = ": use config.get_float or config.get_int" if isinstance(value, str) else ""
    return f"must be a number, not {type_name(value)}{hint} (IS109)"


def patterns_problem(value: object, is_open: Callable[[object], bool]) -> str | None:
    """Whether a value is neither a list of patterns nor None; elements that are still open are not looked at."""
    expected = 'must be a list of strings, such as ["TEAM_*"]'
    if value is not None and not isinstance(value, (list, tuple)):
        return f"{expected}, not {type_name(value)} (IS111)"
    for number, one in enumerate(value or (), 1):
        if not is_open(one) and (problem := string_problem(one)):
            wrong = problem if isinstance(one, str) else f"has the type {type_name(one)} (IS111)"
            return f"{expected}, but element {number} {wrong}"
    return None


def secrets_problem(value: object) -> str | None:
    if isinstance(value, Mapping):
        return None
    return f'must be a map such as {{"KEY": value}}, not {type_name(value)}: use config.require_secret_object (IS112)'


def rotations_problem(value: object) -> str | None:
    if value is None or isinstance(value, Mapping):
        return None
    return f'must be a map such as {{"KEY": "2026-11"}}, not {type_name(value)} (IS112)'


def rotation_texts_problem(value: object, is_open: Callable[[object], bool]) -> str | None:
    """Whether a value is neither a map of strings nor None, with its strings; those still open are not looked at."""
    for key, text in value.items() if isinstance(value, Mapping) else ():
        if not is_open(text) and (problem := string_problem(text)):
            return f"of the key {quote(key)} {problem}"
    return rotations_problem(value)


def instance_problem(expected: type, name: str) -> Problem:
    """Return what finds out whether a value is not an instance of a class."""
    return lambda value: None if isinstance(value, expected) else f"must be {name}(...), not {type_name(value)} (IS113)"


def not_an_input(path: str) -> DeclarationError:
    """Return the error for a path of `ignore_changes`."""
    return DeclarationError(
        f"opts.ignore_changes: {quote(path)} is not an input that the program gives. Use a given input, such as "
        '"value" of a Secret, "secrets" or "secrets.KEY" of an OrgSecrets, or "*" (IS142)'
    )


def require(name: str, value: object, problem: Problem) -> None:
    found = problem(value)
    if found is not None:
        raise DeclarationError(f"{name} {found}")


def type_name(value: object) -> str:
    return "None" if value is None else type(value).__name__
