"""Says what is going on: a spinner with the time on a terminal, plain lines anywhere else.

Everything goes to standard error; standard output is for the paths that were asked for.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PLAIN_INTERVAL = 60.0


class Reporter:
    """Prints lines and the progress of long steps."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock

    def say(self, line: str) -> None:
        """Print one line, never wrapped."""
        self._console.print(line, markup=False, soft_wrap=True)

    def quote(self, lines: Iterable[str]) -> None:
        """Print lines of another program, indented."""
        for line in lines:
            self._console.print(f"    {line}", markup=False, soft_wrap=True, style="dim")

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[], None]]:
        """Show that a long step is under way; yields a function to call now and then.

        A terminal needs no such calls; a log gets a line a minute, so that nobody thinks it hangs.
        """
        if not self._console.is_terminal:
            yield self._plain_ticks(title)
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            progress.add_task(title, total=None)
            yield lambda: None

    def _plain_ticks(self, title: str) -> Callable[[], None]:
        start = last = self._clock()

        def tick() -> None:
            nonlocal last
            now = self._clock()
            if now - last >= _PLAIN_INTERVAL:
                last = now
                self.say(f"  {title}: still going after {duration(now - start)}")

        return tick


def duration(seconds: float) -> str:
    """A time as people say it: `4.2 s`, `3 min 20 s`."""
    if seconds < 10:  # noqa: PLR2004 (tenths matter below this only)
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
