"""Text of others: what is one, and how it is shown."""

from __future__ import annotations

import json


def quote(text: str, limit: int | None = 80) -> str:
    """Return text of others as messages show it: a JSON string on one line, without a character that a terminal obeys.

    Args:
        text: To be quoted.
        limit: How many of its characters are shown; None for all.
    """
    shown = "".join(c if c.isprintable() and c not in '"\\' else json.dumps(c)[1:-1] for c in text[:limit])
    return f'"{shown}"' if limit is None or len(text) <= limit else f'"{shown}…"'


def is_utf8(text: str) -> bool:
    """Whether the text has a UTF-8 form: no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
