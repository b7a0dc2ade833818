"""What a program tells one resource about the others, on its way to `check`."""

from __future__ import annotations

import json

import pytest

from influx_secrets._model.other_declarations import OtherDeclarations


@pytest.mark.parametrize(
    "others",
    [
        OtherDeclarations(),
        OtherDeclarations(possible=None),
        OtherDeclarations(
            certain=frozenset(["A", '"', "ключ"]),
            other_forms={(None, "acme"): frozenset("BC"), ("0123456789abcdef", None): frozenset("D")},
            possible=frozenset("E"),
            resources=9,
        ),
    ],
)
def test_encoded_declarations_come_back(others: OtherDeclarations) -> None:
    """The engine makes floating numbers of all, and hides names that begin with two underscores."""
    sent = json.loads(json.dumps(others.encode()), parse_int=float)
    assert OtherDeclarations.decode(sent) == others
    assert not [name for name in sent if name.startswith("__")]


def test_missing_properties_are_empty() -> None:
    """A `Secret` sends none."""
    assert OtherDeclarations.decode({}) == OtherDeclarations()
