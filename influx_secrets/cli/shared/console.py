"""What every command shares: where it writes, what it does with hostile text, and how an error becomes an exit code."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, IntEnum
from typing import ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from influx_secrets._errors import InfluxSecretsError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
E = TypeVar("E", bound=Enum)

#: Lines that go to a file or to another program are never folded.
_UNFOLDED = 1_000_000
_MAX_SHOWN = 200


class Exit(IntEnum):
    """The exit codes of all commands, for scripts and CI."""

    OK = 0
    #: The command did its work, and found what the caller asked to be told of (`--fail-on`, a failed check).
    FOUND = 1
    #: The command could not do its work: wrong arguments, no server, no Pulumi.
    ERROR = 2
    #: Ctrl-C, as shells count it.
    INTERRUPTED = 130


def chosen(listed: Sequence[str] | None, choices: type[E]) -> frozenset[E]:
    """Read what `--fail-on` was given: names separated by commas, or the option repeated, or both."""
    try:
        return frozenset(choices(name.strip()) for name in ",".join(listed or ()).split(",") if name.strip())
    except ValueError:
        names = ", ".join(choice.value for choice in choices)
        raise typer.BadParameter(f"choose from {names}", param_hint="--fail-on") from None


def completed(choices: type[Enum]) -> Callable[[str], list[str]]:
    """Return what lets a shell complete a name after `--fail-on`."""
    return lambda incomplete: [choice.value for choice in choices if choice.value.startswith(incomplete)]


def end_on(found: Sequence[str]) -> None:
    """End the command with code 1 where something was found that `--fail-on` names."""
    if found:
        note(f"found, and --fail-on names it: {', '.join(found)}")
        raise typer.Exit(Exit.FOUND)


def shown_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Show an error of this package as one line on stderr; any other exception is a bug, and shows its traceback."""

    @functools.wraps(command)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        _bear_any_text()
        try:
            return command(*args, **kwargs)
        except InfluxSecretsError as error:
            note(f"error: {error}")
            raise typer.Exit(Exit.ERROR) from None
        except KeyboardInterrupt:
            # Whoever pressed it knows.
            raise typer.Exit(Exit.INTERRUPTED) from None

    return call


def _bear_any_text() -> None:
    """Let no key end a command where the terminal's encoding, such as ASCII, cannot write it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def plain(text: str) -> str:
    """Return text of others as it may be shown: on one line, not endless, without control characters."""
    shown = text.encode("utf-8", "backslashreplace").decode()
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"


def print_json(document: object) -> None:
    """Write a document to stdout. Its texts are whole, and escaped down to ASCII, so that no terminal obeys them."""
    typer.echo(json.dumps(document, indent=2))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Write rows to stdout: folded and coloured on a terminal, else one line each. No cell is read as markup."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    console = _console(stderr=False)
    with console.capture() as captured:
        console.print(table)
    # Rich fills the last column up with spaces.
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()), color=console.is_terminal)


def say(text: str) -> None:
    """Write a line of the result to stdout."""
    typer.echo(text)


def write(text: str) -> None:
    """Write text to stdout as it is; the caller has made it safe."""
    typer.echo(text, nl=False)


def note(text: str) -> None:
    """Write a line beside the result, to stderr."""
    typer.echo(text, err=True)


def followed(what: str) -> Callable[[Sequence[T]], Iterable[T]]:
    """Return what passes items through and shows on a terminal how many are left; elsewhere it is silent."""
    console = _console(stderr=True)

    def follow(items: Sequence[T]) -> Iterable[T]:
        if not console.is_terminal:
            return items
        return track(items, description=what, console=console, transient=True)

    return follow


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show on a terminal that something takes its time; elsewhere, nothing."""
    console = _console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(what)):
        yield


def _console(*, stderr: bool) -> Console:
    # Made anew each time: a stream may be replaced, and a terminal be resized.
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNFOLDED
    return console
