"""Progress messages: lines, and the time that a long step has taken.

Standard output is kept for the paths that a caller asked for, so everything goes to standard error by default.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LOG_INTERVAL = 60.0
_CLEAR_LINE = "\r\x1b[K"


class Reporter:
    """Print lines and the progress of long steps."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock

    def say(self, line: str) -> None:
        """Print one line."""
        # Flushed, because programs that are run in between print to the same terminal or pipe.
        print(line, file=self._stream, flush=True)

    def quote(self, lines: Iterable[str]) -> None:
        """Print lines of another program, indented."""
        for line in lines:
            self.say(f"    {line}")

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[], None]]:
        """Show that a long step is running; yield a function to call several times a second.

        A terminal shows the title and the time while the step lasts; a log gets a line a minute.
        """
        start = last = self._clock()

        def tick() -> None:
            nonlocal last
            now = self._clock()
            if self._stream.isatty():
                self._stream.write(f"{_CLEAR_LINE}{title}: {duration(now - start)}")
                self._stream.flush()
            elif now - last >= _LOG_INTERVAL:
                last = now
                self.say(f"  {title}: still running after {duration(now - start)}")

        try:
            yield tick
        finally:
            if self._stream.isatty():
                self._stream.write(_CLEAR_LINE)


def duration(seconds: float) -> str:
    """Return a time as people write it: `4.2 s`, `3 min 20 s`."""
    if seconds < 10:  # noqa: PLR2004 (tenths matter below this only)
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
