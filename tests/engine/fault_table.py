"""The table of docs/faults.md: written by a run of the tests, compared by every other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.faults import FAULTS, Fault
from engine.faulty_life_cycle import CALLS

PAGE: Final = Path(__file__).parents[2] / "docs" / "faults.md"

_SPANS = {"throughout": "the whole run", "once": "each request once", "lasting": "from one request on"}
_HEAD: Final = ("fault", "how long", *CALLS, "runs", "lost")


def cells(fault: Fault, outcomes: Mapping[str, str], runs: int, lost: int) -> dict[str, str]:
    """Return a row, column to text."""
    return {**dict(zip(_HEAD, _start(fault), strict=False)), **outcomes, "runs": str(runs), "lost": str(lost)}


def committed(fault: Fault) -> dict[str, str]:
    """Return the row of the page; empty where it has none."""
    found = [_split(line) for line in _lines() if tuple(_split(line)[:2]) == _start(fault)]
    return dict(zip(_HEAD, found[0], strict=True)) if found else {}


def record(row: Mapping[str, str]) -> None:
    """Put a row into the page, in the order of the faults."""
    text = PAGE.read_text("utf-8")
    rows = {tuple(_split(line)[:2]): line for line in _lines()}
    rows[row[_HEAD[0]], row[_HEAD[1]]] = _joined(tuple(row[name] for name in _HEAD))
    ordered = [rows[start] for start in map(_start, FAULTS) if start in rows]
    table = [_joined(_HEAD), _joined(("---",) * len(_HEAD)), *ordered]
    before = text[: text.index(_joined(_HEAD))]
    after = text[text.index(_joined(_HEAD)) :].partition("\n\n")[2]
    PAGE.write_text(before + "\n".join(table) + "\n\n" + after, "utf-8")


def _start(fault: Fault) -> tuple[str, str]:
    return fault.name, _SPANS[fault.span]


def _lines() -> list[str]:
    lines = PAGE.read_text("utf-8").splitlines()
    first = lines.index(_joined(_HEAD)) + 2
    return lines[first : lines.index("", first)]


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _joined(texts: tuple[str, ...]) -> str:
    return f"| {' | '.join(texts)} |"
