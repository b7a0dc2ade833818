"""What is wrong with a declaration."""

from __future__ import annotations

import pytest

from influx_secrets._model.keys import ENGINE_MARK
from influx_secrets._model.resources import UNKNOWN, Declaration, InvalidValue
from influx_secrets._model.validation import problems

ORG = "0123456789abcdef"


def declaration(**values: object) -> Declaration:
    given: dict[str, object] = {
        "resource": "Secret",
        "preview": False,
        "org_id": ORG,
        "org": None,
        "keys": frozenset(["K"]),
        "named": frozenset(["K"]),
        "values": {"K": "v"},
    }
    return Declaration(**(given | values))  # type: ignore[arg-type]  # each test names what it sets


def only_key(key: str, **values: object) -> Declaration:
    return declaration(keys=frozenset([key]), named=frozenset([key]), values={key: "v"}, **values)


def test_problems_of_good_declaration_are_none() -> None:
    """A plain declaration is accepted."""
    assert problems(declaration()) == []


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (declaration(org="acme"), "org_id and org are both given"),
        (declaration(org_id="acme"), 'org_id "acme" is not 16 hexadecimal digits'),
        (declaration(org_id=None, org=""), "org must not be empty"),
        (only_key(""), "a key must not be empty"),
        (only_key("ä" * 16_377), "longer than 32,752 bytes"),
        (only_key("\ud800"), r'the key "\\ud800" cannot be sent as UTF-8'),
        (only_key(ENGINE_MARK), "a name that Pulumi reserves"),
        (only_key(f"{ORG}-token"), "InfluxDB uses for the credential of a notification endpoint"),
        (declaration(values={"K": InvalidValue("must be a string")}), 'the value of the key "K" must be a string'),
        (declaration(values={"K": ""}), 'the value of the key "K" is empty'),
        (
            declaration(rotate_on={"L": "1"}),
            'rotate_on names the key "L", but secrets lacks that key. Correct rotate_on, or add the key',
        ),
        (
            declaration(keys=frozenset(), named=frozenset(), values={}, exclusive=True),
            "exclusive=True would remove the secrets of the org",
        ),
    ],
)
def test_problems_of_bad_declaration_name_the_fault(declared: Declaration, reason: str) -> None:
    """Each wrong declaration has one problem, in words."""
    (problem,) = problems(declared)
    assert reason.replace("\\\\", "\\") in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    "declared",
    [
        only_key("k" * 32_752),
        only_key(f"{ORG}-token", overwrite=True),
        declaration(org_id=UNKNOWN),
        declaration(org_id=None, org="acme"),
        declaration(values={"K": UNKNOWN}),
        declaration(keys=frozenset(), keys_known=False, values={}),
        declaration(keys=frozenset(), named=frozenset(), values={}, exclusive=True, keep=("TEAM_*",)),
    ],
)
def test_problems_at_the_edge_are_none(declared: Declaration) -> None:
    """What is just allowed, or not known yet, is accepted."""
    assert problems(declared) == []
