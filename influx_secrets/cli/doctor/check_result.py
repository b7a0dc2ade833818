"""Result of one check of `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Final


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

    verdict: Verdict
    name: str
    message: str
    remedy: str = ""
    command: str = ""


ok: Final = partial(CheckResult, Verdict.OK)
warn: Final = partial(CheckResult, Verdict.NOTE)
fail: Final = partial(CheckResult, Verdict.WRONG)
unknown: Final = partial(CheckResult, Verdict.UNKNOWN)
