"""Withholding of server text that repeats a secret."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import quote, quote_plus

MAX_QUOTED: Final = 200
"""Length of the longest server text that a message quotes."""
_LEAK: Final = 8
"""A run of this many characters of a secret counts as a leak."""
_MAX_SEARCHED: Final = 4_000_000
"""If more characters than this were sent, server text is dropped unread: searching it would take seconds."""


def clean(text: object, secrets: Collection[str]) -> str | None:
    """Return server text as one short line without control characters; None if withheld or not a text.

    A server or proxy may echo a body or a header in its error text. Masking the secret would still show where it stood
    and, if it is short, what it is. So the whole of a text that repeats a part of one, in any notation, is withheld.
    """
    if not isinstance(text, str) or not text:
        return None
    raw = text[: 2 * MAX_QUOTED]
    if _leaks(raw, secrets):
        return None
    line = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in raw)).strip()
    return (line if len(line) <= MAX_QUOTED else line[: MAX_QUOTED - 1] + "…") or None


def quoted(message: str | None) -> str:
    """Return a clean message of the server as it stands in one of ours."""
    return f' ("{message}")' if message else ""


def _leaks(text: str, secrets: Collection[str]) -> bool:
    if sum(map(len, secrets)) > _MAX_SEARCHED:
        return True
    forms = [form for secret in secrets if secret for form in _notations(secret)]
    if any(form in text for form in forms):
        return True
    # A text may be cut in the middle of the secret: any run of it counts.
    sent = "\n".join(forms)
    return any(text[i : i + _LEAK] in sent for i in range(len(text) - _LEAK + 1))


def _notations(secret: str) -> set[str]:
    data = secret.encode("utf-8", "surrogatepass")
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    # Go's encoder writes <, > and & of JSON as escapes, and HTML pages as entities.
    for_go = escaped.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
    codes = {base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode(), data.hex()}
    quoted = {quote(data), quote(data, safe=""), quote_plus(data), html.escape(secret), repr(secret)[1:-1]}
    return {secret, escaped, for_go, json.dumps(secret)[1:-1], *codes, *quoted}
