"""Result of one check of `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """How good or bad a result is."""

    OK = "ok"
    NOTE = "note"
    """Works, and may surprise."""
    WRONG = "wrong"
    """Does not work, or is dangerous."""
    UNKNOWN = "unknown"
    """Cannot be checked before something else is fixed."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found; no text contains the token.

    Attributes:
        remedy: How to fix it; empty where there is nothing to fix, or where the message says it.
        command: A shell command that fixes it, to copy; empty where there is none.
    """

    name: str
    verdict: Verdict
    message: str
    remedy: str = ""
    command: str = ""


def ok(name: str, message: str) -> CheckResult:
    """Return a result that needs no action."""
    return CheckResult(name, Verdict.OK, message)


def warn(name: str, message: str, remedy: str = "") -> CheckResult:
    """Return a result that works, and may surprise."""
    return CheckResult(name, Verdict.NOTE, message, remedy)


def fail(name: str, message: str, remedy: str = "", command: str = "") -> CheckResult:
    """Return a result that must be fixed."""
    return CheckResult(name, Verdict.WRONG, message, remedy, command)


def unknown(name: str, message: str) -> CheckResult:
    """Return a result that depends on one that must be fixed first."""
    return CheckResult(name, Verdict.UNKNOWN, message)
