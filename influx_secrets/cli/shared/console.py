"""Output, progress and exit codes of all commands, and the option `--fail-on`."""

from __future__ import annotations

import functools
import io
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from enum import Enum, IntEnum
from functools import partial
from typing import ParamSpec, TextIO, TypeVar

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text
from typer.models import OptionInfo

from influx_secrets._errors import InfluxSecretsError
from influx_secrets._text import quote

E = TypeVar("E", bound=Enum)
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Exit(IntEnum):
    """Exit codes of all commands, for scripts and CI."""

    OK = 0
    FOUND = 1
    """The command did its work, and found something that `--fail-on` names, or a failed check."""
    ERROR = 2
    """The command could not do its work: wrong arguments, no server, no Pulumi."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""


def handle_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Show an error of this package as one line on stderr; any other exception is a bug, and shows its traceback."""

    @functools.wraps(command)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        _escape_unencodable(sys.stdout)
        _escape_unencodable(sys.stderr)
        try:
            return command(*args, **kwargs)
        except InfluxSecretsError as error:
            note(f"error: {error}")
            raise typer.Exit(Exit.ERROR) from None
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None

    return call


def _escape_unencodable(stream: object) -> None:
    """Escape characters that the stream's encoding, such as ASCII, cannot represent, instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def print_json(document: object) -> None:
    """Write a document to stdout, escaped down to ASCII, so that no terminal obeys its texts."""
    typer.echo(json.dumps(document, indent=2))


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    colours: Sequence[str] = (),
    file: TextIO | None = None,
) -> None:
    """Write rows, to stdout by default: folded on a terminal, each in its colour if it has one; else one line each."""
    console = make_console(file or sys.stdout)
    if console.is_terminal:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row, colour in itertools.zip_longest(rows, colours):
            table.add_row(*row, style=colour)
        console.print(table)
        return
    # Rich takes ten seconds for ten thousand rows.
    lines = [tuple(headings), *(tuple(map(str, row)) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        console.file.write("  ".join(cells).rstrip() + "\n")


def note(text: str) -> None:
    """Write a line that is not part of the result to stderr."""
    typer.echo(text, err=True)


def progress(what: str) -> Callable[[Sequence[T]], Iterable[T]]:
    """Return a function that passes items through, and shows on a terminal how many are left."""
    console = make_console(sys.stderr)
    if not console.is_terminal:
        return lambda items: items  # rich 13.9 writes an empty line even when it is disabled
    return partial(track, description=what, console=console, transient=True)


def waiting(what: str) -> AbstractContextManager[object]:
    """Show on a terminal what the command is waiting for."""
    console = make_console(sys.stderr)
    return console.status(what) if console.is_terminal else nullcontext()


def make_console(file: TextIO) -> Console:
    """Return a console that reads nothing as markup. Not kept: a stream may be replaced, and a terminal resized."""
    return Console(file=file, markup=False, highlight=False, emoji=False)


def fail_on_option(choices: Sequence[Enum], condition: str) -> OptionInfo:
    """Return the option for a list of these names; a shell completes them.

    Args:
        choices: The names are the values.
        condition: What the names stand for: "if there is such a key".
    """
    names = [choice.value for choice in choices]
    return typer.Option(  # type: ignore[no-any-return]  # Typer types it as what a parameter gets
        metavar="LIST",
        autocompletion=lambda incomplete: [name for name in names if name.startswith(incomplete)],
        help=f"End with code 1 {condition}: {', '.join(names)}. Separated by commas, or repeated.",
    )


def parse_fail_on(listed: Sequence[str] | None, choices: Sequence[E]) -> frozenset[E]:
    """Parse the option: names separated by commas, or the option repeated, or both."""
    known = {choice.value: choice for choice in choices}
    names = {name.strip() for name in ",".join(listed or ()).split(",")} - {""}
    if names - known.keys():
        wrong = quote(min(names - known.keys()))
        raise typer.BadParameter(f"{wrong} is unknown. Choose from {', '.join(known)} (IS716)", param_hint="--fail-on")
    return frozenset(known[name] for name in names)


def exit_if_found(found: Mapping[E, int], wanted: frozenset[E]) -> None:
    """End the command with code 1 where something was found that `--fail-on` names."""
    named = [f"{number} {choice.value}" for choice, number in found.items() if number and choice in wanted]
    if named:
        note(f"found, and --fail-on names it: {', '.join(named)}")
        raise typer.Exit(Exit.FOUND)
