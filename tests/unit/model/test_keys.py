"""The rules of names, values and ids."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx_secrets._errors import DeclarationError
from influx_secrets._model import keys as rules
from influx_secrets._model.state import UNKNOWN, Declaration, NotText

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


def test_digest_of_known_value_is_pinned() -> None:
    """States hold this digest for ever, so its recipe is fixed."""
    expected = hashlib.sha256(b"0123456789abcdef/SLACK:hunter2").hexdigest()
    assert rules.digest(ORG, "SLACK", "hunter2") == expected


@given(st.text(), st.text())
def test_escape_key_of_any_key_is_undone_and_never_hidden(key: str, other: str) -> None:
    """Every key comes back, two keys never share a name, and no name begins with two underscores."""
    assert rules.unescape_key(rules.escape_key(key)) == key
    assert not rules.escape_key(key).startswith("__")
    assert (rules.escape_key(key) == rules.escape_key(other)) == (key == other)


def test_escape_key_of_reserved_looking_keys_is_pinned() -> None:
    """The escaped form is stored."""
    assert [rules.escape_key(key) for key in ("__x", "\\x", "_x", "a__")] == ["\\__x", "\\\\x", "_x", "a__"]


@given(st.text(min_size=1))
def test_secret_id_of_any_key_is_parsed_back(key: str) -> None:
    """The id splits at the first slash, whatever the key holds."""
    assert rules.parse_secret_id(rules.secret_id(ORG, key)) == (ORG, key)


@pytest.mark.parametrize("text", ["", "K", ORG, f"{ORG}/", "short/K", f"{ORG.upper()}/K", f"{ORG}0/K"])
def test_parse_secret_id_malformed_is_refused(text: str) -> None:
    """An id that is not <org id>/<key> is an error that shows the form."""
    with pytest.raises(DeclarationError, match="<org id>/<key>"):
        rules.parse_secret_id(text)


def test_problems_of_good_declaration_are_none() -> None:
    """A plain declaration is accepted."""
    assert rules.problems(declaration()) == []


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (declaration(org="acme"), "org_id and org are both given"),
        (declaration(org_id="acme"), 'org_id "acme" is not 16 hexadecimal digits'),
        (declaration(org_id=None, org=""), "org is empty"),
        (only_key(""), "a key is empty"),
        (only_key("ä" * 16_377), "longer than 32,752 bytes"),
        (only_key("\ud800"), r'the key "\\ud800" is not UTF-8'),
        (only_key(rules.ENGINE_MARK), "a mark of the Pulumi engine"),
        (only_key(f"{ORG}-token"), "belongs to a notification endpoint"),
        (declaration(values={"K": NotText("null")}), 'the value of the key "K" is null'),
        (declaration(values={"K": ""}), 'the value of the key "K" is empty'),
        (declaration(rotate_on={"L": "1"}), 'rotate_on names the key "L", which is not declared'),
        (
            declaration(keys=frozenset(), named=frozenset(), values={}, exclusive=True),
            "would remove every secret of the org",
        ),
    ],
)
def test_problems_of_bad_declaration_name_the_fault(declared: Declaration, reason: str) -> None:
    """Each wrong declaration has one problem, in words."""
    (problem,) = rules.problems(declared)
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
        declaration(keys=UNKNOWN, values={}),
        declaration(keys=frozenset(), named=frozenset(), values={}, exclusive=True, keep=("TEAM_*",)),
    ],
)
def test_problems_at_the_edge_are_none(declared: Declaration) -> None:
    """What is just allowed, or not known yet, is accepted."""
    assert rules.problems(declared) == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text", None),
        ("", None),
        (None, "null"),
        (True, "a boolean"),
        (1.5, "a number"),
        ([], "an array"),
        ({}, "an object"),
        ("\ud800", "a text that is not UTF-8"),
        (b"raw", "not a text"),
    ],
)
def test_text_kind_of_any_value_is_named_in_json_words(value: object, kind: str | None) -> None:
    """What a program passed is named as JSON names it."""
    assert rules.text_kind(value) == kind


def test_shown_of_long_and_strange_keys_is_one_short_line() -> None:
    """A message stays on one line."""
    assert rules.shown("a\nb\x1b[31m") == "a\\x0ab\\x1b[31m"
    assert rules.shown("k" * 100) == "k" * 80 + "…"
