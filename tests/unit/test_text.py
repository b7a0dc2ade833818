"""Text of others in messages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influx_secrets._text import quote


@given(st.text(st.characters(exclude_categories=())))
def test_quote_of_any_text_is_a_json_string_on_one_line(text: str) -> None:
    """A reader gets the text back, and no terminal obeys it."""
    quoted = quote(text, None)
    assert json.loads(quoted) == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert quoted.isprintable()


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("A b/ключ", '"A b/ключ"'),
        ('a\nb\x1b[31m"\\', r'"a\nb\u001b[31m\"\\"'),
        ("\u202e\ud800\x7f\U000e0001", r'"\u202e\ud800\u007f\udb40\udc01"'),
        ("k" * 81, f'"{"k" * 80}…"'),
        ("k" * 80, f'"{"k" * 80}"'),
    ],
)
def test_quote_is_pinned(text: str, quoted: str) -> None:
    """The one form of a key in all messages."""
    assert quote(text) == quoted
