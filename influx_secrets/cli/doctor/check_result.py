"""What `doctor` finds, a line each: the data that its steps make and its command shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """How good or bad something is."""

    OK = "ok"
    #: Works, and is worth knowing.
    NOTE = "note"
    #: Does not work, or is dangerous.
    WRONG = "wrong"
    #: Cannot be found out before something else is mended.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """What was found out about one thing; `says` holds no token.

    Attributes:
        subject: What was looked at, in a word or two.
        verdict: How good or bad it is.
        says: What was seen.
        do: What to do about it; empty where there is nothing to do, or `says` tells it already.
        command: A command to copy that does it; empty where there is none.
    """

    subject: str
    verdict: Verdict
    says: str
    do: str = ""
    command: str = ""


def ok(subject: str, says: str) -> Line:
    """Nothing to do."""
    return Line(subject, Verdict.OK, says)


def worth_knowing(subject: str, says: str, do: str = "") -> Line:
    """Works, and may surprise."""
    return Line(subject, Verdict.NOTE, says, do)


def wrong(subject: str, says: str, do: str = "", command: str = "") -> Line:
    """To be mended."""
    return Line(subject, Verdict.WRONG, says, do, command)


def unknown(subject: str, says: str) -> Line:
    """To be asked again later."""
    return Line(subject, Verdict.UNKNOWN, says)
