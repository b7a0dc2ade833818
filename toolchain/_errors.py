"""The error of the toolchain: a line that a person can act on."""

from __future__ import annotations


class ToolchainError(Exception):
    """A program could not be provided; the message is one line and says what to do."""
