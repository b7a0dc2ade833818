"""Text of others: what is one, and how it is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

_MAX_NAMED: Final = 10


def quote(text: str, limit: int | None = 80) -> str:
    """Return text of others as messages show it: a JSON string on one line, with nothing that a terminal obeys."""
    shown = "".join(c if c.isprintable() and c not in '"\\' else json.dumps(c)[1:-1] for c in text[:limit])
    return f'"{shown}"' if limit is None or len(text) <= limit else f'"{shown}…"'


def sentence(text: str) -> str:
    """Return a text that begins as a sentence does."""
    return text[:1].upper() + text[1:]


def name_keys(keys: Iterable[str]) -> str:
    """Return keys as a message names them: at most ten, and how many more there are."""
    names = sorted(keys)
    text = ", ".join(quote(key) for key in names[:_MAX_NAMED])
    more = len(names) - _MAX_NAMED
    return f"the key {text}" if len(names) == 1 else f"the keys {text}" + (f" and {more} more" if more > 0 else "")


def name_org(org_id: object, name: object) -> str:
    """Return an org as messages name it: by the name that the program gave, if it did, and its id."""
    return f"{quote(name)} ({org_id})" if isinstance(name, str) else str(org_id)


def is_utf8(text: str) -> bool:
    """Whether the text has a UTF-8 form: no lone surrogates."""
    return re.search("[\ud800-\udfff]", text) is None
