"""Writes Flux for questions that tests ask: never through the client of the package."""

from __future__ import annotations

from collections.abc import Iterable


def flux_rows(value: str, keys: Iterable[str]) -> str:
    """Return a script with one row per key; `{}` in `value` stands for the key as a Flux string."""
    rows = ", ".join(f"{{v: {value.replace('{}', flux_string(key))}}}" for key in keys)
    return f'import "array"\nimport "influxdata/influxdb/secrets"\narray.from(rows: [{rows}])'


def flux_string(text: str) -> str:
    """Return `text` as a Flux string literal.

    A dollar swallows the character behind it, the backslash of an escape too, and a NUL ends the script (seen on
    influxd 2.9.1): both are written as bytes.
    """
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("$", "\\x24"), ("\0", "\\x00")):
        text = text.replace(character, escaped)
    return f'"{text}"'
