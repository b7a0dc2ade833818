"""Review as text: coloured tables on a terminal, plain and unfolded ones elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TextIO

from rich.text import Text

from influx_secrets.cli.review.changes import Action
from influx_secrets.cli.review.report import OrgReview, Review
from influx_secrets.cli.review.warnings import Kind
from influx_secrets.cli.review.wording import counted, heading, kept, other_resources, sentences, table
from influx_secrets.cli.shared.console import make_console, print_table
from influx_secrets.cli.shared.untrusted import Message, Untrusted, visible

_COLOURS: Final = {
    **dict.fromkeys((Action.REMOVE, Action.PRUNE, Action.TAKE_OVER), "red"),
    **dict.fromkeys((Action.COMPARE, Action.UNKNOWN, Action.DRIFT), "magenta"),
    **dict.fromkeys((Action.REPAIR, Action.ROTATE, Action.REPLACE), "yellow"),
    **dict.fromkeys((Action.CREATE, Action.ADOPT), "green"),
}


def print_review(review: Review, file: TextIO) -> None:
    """Print a review, as wide as the terminal; in a pipe as wide as its longest line."""
    console = make_console(file)
    for block in _blocks(review):
        if isinstance(block, OrgReview):
            headings, *rows = table(block.changes, visible)
            colours = [_COLOURS.get(change.action, "") for change in block.changes]
            print_table(list(map(str.upper, headings)), rows, colours, file)
        elif console.is_terminal:
            console.print(block)
        else:
            file.write(f"{block.plain.rstrip()}\n")


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
