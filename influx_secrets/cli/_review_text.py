"""A review as text: tables with colours on a terminal, the same without them, and never wrapped, in a pipe."""

from __future__ import annotations

from typing import Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from influx_secrets.cli._changes import Action, Change
from influx_secrets.cli._preview import Resource
from influx_secrets.cli._report import OrgReview, Review
from influx_secrets.cli._review_words import (
    besides,
    counted,
    kept,
    label,
    title,
    versions,
    visible,
    visible_words,
    warning,
)
from influx_secrets.cli._warnings import Kind, Their, Words

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
_NEVER_WRAPS: Final = 1_000_000


def print_review(review: Review, file: TextIO) -> None:
    """Print a review, as wide as the terminal is; in a pipe as wide as it gets."""
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        _print(review, console)
        return
    console = Console(file=file, highlight=False, markup=False, emoji=False, width=_NEVER_WRAPS)
    with console.capture() as captured:
        _print(review, console)
    file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _print(review: Review, console: Console) -> None:
    console.print(Text(f"InfluxDB secrets: {counted(review)}", style="bold"))
    if review.warnings:
        console.print()
    for warn in review.warnings:
        console.print(Text(f"! {_spoken(warning(review, warn))}", style="bold red" if warn.kind is Kind.ERROR else ""))
    for org in review.orgs:
        console.print()
        console.print(Text(_spoken(title(org)), style="bold"))
        if org.changes:
            console.print(_table(org, wraps=console.is_terminal))
        if org.kept:
            console.print(Text(f"  {kept(org)}"))
    for number, line in enumerate(besides(review)):
        console.print(Text(line if number else f"\n{line}"))


def _spoken(words: Words) -> str:
    return "".join(visible_words(one) if isinstance(one, Their) else one for one in words)


def _table(org: OrgReview, *, wraps: bool) -> Table:
    noted = any(change.notes for change in org.changes)
    columns = ("KEY", "CHANGE", "VERSION", "RESOURCE", *(("NOTE",) if noted else ()))
    table = Table(*columns, box=box.SIMPLE if wraps else None, pad_edge=wraps)
    for column in table.columns:
        column.overflow, column.no_wrap = "fold", not wraps
    for change in org.changes:
        table.add_row(*map(Text, _row(change)[: len(columns)]), style=_COLOURS.get(change.action))
    return table


def _row(change: Change) -> tuple[str, ...]:
    key = visible(change.key) if isinstance(change.key, str) else "(not known yet)"
    source = "" if change.source is None else f", from {_resource(change.source)}"
    return key, label(change), versions(change), f"{_resource(change.resource)}{source}", "; ".join(change.notes)


def _resource(resource: Resource) -> str:
    return f"{resource.kind} {visible(resource.name)}"
