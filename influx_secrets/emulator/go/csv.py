"""Writes CSV as Go's `csv.Writer` does."""

from __future__ import annotations


def cell(value: str, delimiter: str) -> str:
    """Return a field with CRLF line ends: lone CRs vanish, LF becomes CRLF."""
    special = value == r"\." or any(c in value for c in (delimiter, '"', "\r", "\n")) or value[:1].isspace()
    if not value or not special:
        return value
    inner = value.replace("\r", "").replace("\n", "\r\n").replace('"', '""')
    return f'"{inner}"'
