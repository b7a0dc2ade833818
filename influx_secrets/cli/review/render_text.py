"""Review as text: coloured tables on a terminal, plain and unfolded ones elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from influx_secrets.cli.review.changes import Action
from influx_secrets.cli.review.report import OrgReview, Review
from influx_secrets.cli.review.warnings import Kind
from influx_secrets.cli.review.wording import counted, heading, kept, other_resources, sentences, table
from influx_secrets.cli.shared.untrusted import Message, Untrusted, visible

_COLOURS: Final = {
    Action.REMOVE: "red",
    Action.PRUNE: "red",
    Action.TAKE_OVER: "red",
    Action.COMPARE: "magenta",
    Action.UNKNOWN: "magenta",
    Action.DRIFT: "magenta",
    Action.REPAIR: "yellow",
    Action.ROTATE: "yellow",
    Action.REPLACE: "yellow",
    Action.CREATE: "green",
    Action.ADOPT: "green",
}


def print_review(review: Review, file: TextIO) -> None:
    """Print a review, as wide as the terminal; in a pipe as wide as its longest line."""
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    for block in _blocks(review):
        if console.is_terminal:
            console.print(_coloured(block) if isinstance(block, OrgReview) else block)
        else:
            file.write(_plain(block) if isinstance(block, OrgReview) else f"{block.plain.rstrip()}\n")


def _blocks(review: Review) -> Iterator[Text | OrgReview]:
    """Yield the lines, and an org in the place of its table."""
    yield Text(f"InfluxDB secrets: {counted(review)}", style="bold")
    if review.warnings:
        yield Text()
    for finding, sentence in zip(review.warnings, sentences(review), strict=True):
        yield Text(f"! {_text(sentence)}", style="bold red" if finding.kind is Kind.ERROR else "")
    for org in review.orgs:
        yield Text()
        yield Text(_text(heading(org)), style="bold")
        if org.changes:
            yield org
        if org.kept:
            yield Text(f"  {kept(org)}")
    for number, line in enumerate(other_resources(review)):
        yield Text(line if number else f"\n{line}")


def _text(message: Message) -> str:
    return "".join(one.visible if isinstance(one, Untrusted) else one for one in message)


def _coloured(org: OrgReview) -> Table:
    headings, *rows = table(org.changes, visible)
    coloured = Table(*map(str.upper, headings), box=box.SIMPLE)
    for column in coloured.columns:
        column.overflow = "fold"
    for change, row in zip(org.changes, rows, strict=True):
        coloured.add_row(*map(Text, row), style=_COLOURS.get(change.action))
    return coloured


def _plain(org: OrgReview) -> str:
    """Return a table for a pipe. Rich takes ten seconds for ten thousand rows."""
    headings, *rows = table(org.changes, visible)
    lines = [tuple(map(str.upper, headings)), *rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return "".join(f"{_padded(line, widths)}\n" for line in lines)


def _padded(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
    return "  ".join(cells).rstrip()
