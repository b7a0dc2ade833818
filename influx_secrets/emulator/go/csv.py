"""Writes cells of CSV as Go's `csv.Writer` does."""

from __future__ import annotations


def cell(value: str) -> str:
    """Return a cell with CRLF line ends: lone CRs vanish, LF becomes CRLF."""
    special = value == r"\." or any(character in value for character in ',"\r\n') or value[:1].isspace()
    if not special:
        return value
    inner = value.replace("\r", "").replace("\n", "\r\n").replace('"', '""')
    return f'"{inner}"'
