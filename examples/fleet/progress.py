"""Progress of a fleet: a bar on a terminal, a line for each server, a summary with every failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from run_events import Keys
from runs import Outcome

_NOTICES = 3  # a line for each key that is adopted would be too many


class FleetProgress:
    """Writes to a terminal, or plain lines into a log."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(soft_wrap=True, highlight=False)

    @contextmanager
    def bar(self, action: str, servers: int) -> Iterator[Callable[[Outcome], None]]:
        """Show the progress; call what is yielded for each server that is done."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, disable=not self._console.is_terminal) as bar:
            task = bar.add_task(action, total=servers)

            def done(outcome: Outcome) -> None:
                self._console.print(_line(outcome))
                bar.advance(task)

            yield done

    def summarize(self, outcomes: Sequence[Outcome]) -> None:
        """Print how many servers are done, what changed, and which failed and why."""
        failed = sorted((one for one in outcomes if one.problem), key=lambda one: one.server)
        keys = sum((one.keys for one in outcomes), start=Keys())
        self._console.print(
            f"{len(outcomes)} servers: {len(outcomes) - len(failed)} done, {len(failed)} failed; {keys}"
        )
        for outcome in failed:
            self._console.print(f"[red]failed[/] {escape(outcome.server)}: {escape(outcome.problem)}")

    def report_error(self, text: str) -> None:
        """Print why nothing is done."""
        self._console.print(f"error: {escape(text)}")


def _line(outcome: Outcome) -> str:
    what = "[red]failed[/]" if outcome.problem else str(outcome.keys)
    notes = [f"    {escape(notice)}" for notice in outcome.notices[:_NOTICES]]
    if len(outcome.notices) > _NOTICES:
        notes.append(f"    and {len(outcome.notices) - _NOTICES} more, in its log")
    return "\n".join([f"{escape(outcome.server):20} {outcome.seconds:6.1f} s  {what}", *notes])
