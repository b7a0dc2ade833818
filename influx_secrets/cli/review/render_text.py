"""A review as text: tables with colours on a terminal, the same without them, and never wrapped, in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from influx_secrets.cli.review.changes import Action, Change
from influx_secrets.cli.review.preview import Resource
from influx_secrets.cli.review.report import OrgReview, Review
from influx_secrets.cli.review.warnings import Kind, Their, Words
from influx_secrets.cli.review.wording import (
    besides,
    counted,
    kept,
    label,
    title,
    titles,
    versions,
    visible,
    visible_words,
    warning,
)

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
    """Print a review, as wide as the terminal is; in a pipe as wide as it gets."""
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    for block in _blocks(review):
        if console.is_terminal:
            console.print(_table(block) if isinstance(block, OrgReview) else block)
        else:
            file.write(_columns(block) if isinstance(block, OrgReview) else f"{block.plain.rstrip()}\n")


def _blocks(review: Review) -> Iterator[Text | OrgReview]:
    """Yield the lines, and an org where its table is to stand."""
    yield Text(f"InfluxDB secrets: {counted(review)}", style="bold")
    if review.warnings:
        yield Text()
    named = titles(review)
    for warn in review.warnings:
        yield Text(f"! {_spoken(warning(warn, named))}", style="bold red" if warn.kind is Kind.ERROR else "")
    for org in review.orgs:
        yield Text()
        yield Text(_spoken(title(org)), style="bold")
        if org.changes:
            yield org
        if org.kept:
            yield Text(f"  {kept(org)}")
    for number, line in enumerate(besides(review)):
        yield Text(line if number else f"\n{line}")


def _spoken(words: Words) -> str:
    return "".join(visible_words(one) if isinstance(one, Their) else one for one in words)


def _table(org: OrgReview) -> Table:
    columns = _headings(org)
    table = Table(*columns, box=box.SIMPLE)
    for column in table.columns:
        column.overflow = "fold"
    for change in org.changes:
        table.add_row(*map(Text, _row(change)[: len(columns)]), style=_COLOURS.get(change.action))
    return table


def _columns(org: OrgReview) -> str:
    """Return a table for a pipe. Rich would take ten seconds for ten thousand rows."""
    columns = _headings(org)
    rows = [columns, *(_row(change)[: len(columns)] for change in org.changes)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{_padded(row, widths)}\n" for row in rows)


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()


def _headings(org: OrgReview) -> tuple[str, ...]:
    noted = any(change.notes for change in org.changes)
    return ("KEY", "CHANGE", "VERSION", "RESOURCE", *(("NOTE",) if noted else ()))


def _row(change: Change) -> tuple[str, ...]:
    key = visible(change.key) if isinstance(change.key, str) else "(not known yet)"
    source = "" if change.source is None else f", from {_resource(change.source)}"
    return key, label(change), versions(change), f"{_resource(change.resource)}{source}", "; ".join(change.notes)


def _resource(resource: Resource) -> str:
    return f"{resource.kind} {visible(resource.name)}"
