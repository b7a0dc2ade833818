"""Digests, ids and the escaping of keys."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx_secrets._errors import DeclarationError
from influx_secrets._model import keys

ORG = "0123456789abcdef"


def test_digest_of_known_value_is_pinned() -> None:
    """States hold this digest for ever, so its recipe is fixed."""
    expected = hashlib.sha256(b"0123456789abcdef/SLACK:hunter2").hexdigest()
    assert keys.digest(ORG, "SLACK", "hunter2") == expected


@given(st.text(), st.text())
def test_escape_key_of_any_key_is_undone_and_never_hidden(key: str, other: str) -> None:
    """Every key comes back, two keys never share a name, and no name begins with two underscores."""
    assert keys.unescape_key(keys.escape_key(key)) == key
    assert not keys.escape_key(key).startswith("__")
    assert (keys.escape_key(key) == keys.escape_key(other)) == (key == other)


def test_escape_key_of_reserved_looking_keys_is_pinned() -> None:
    """The escaped form is stored."""
    assert [keys.escape_key(key) for key in ("__x", "\\x", "_x", "a__")] == ["\\__x", "\\\\x", "_x", "a__"]


@given(st.text(min_size=1))
def test_secret_id_of_any_key_is_parsed_back(key: str) -> None:
    """The id splits at the first slash, whatever the key holds."""
    assert keys.parse_secret_id(keys.secret_id(ORG, key)) == (ORG, key)


def test_secret_id_with_capitals_is_the_same() -> None:
    """The server takes capitals in an org id; those of a key are the key's own."""
    assert keys.parse_secret_id(f"{ORG.upper()}/Key") == (ORG, "Key")


@pytest.mark.parametrize("text", ["", "K", ORG, f"{ORG}/", "short/K", f"{ORG}0/K"])
def test_parse_secret_id_malformed_is_refused(text: str) -> None:
    """An id that is not <org id>/<key> is an error that shows the form."""
    with pytest.raises(DeclarationError, match="<org id>/<key>"):
        keys.parse_secret_id(text)
