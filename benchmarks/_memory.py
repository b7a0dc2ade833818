"""The peak memory of the processes that a Pulumi command starts."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from types import TracebackType
from typing import Final

import psutil

PARTS: Final = ("engine", "program", "provider")
_SECONDS_BETWEEN: Final = 0.1
_HIGHEST = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


class Watch:
    """Looks at a running command and all that it starts, ten times a second.

    Where the kernel keeps each process's own peak (Linux: VmHWM), nothing between two looks is missed.

    Attributes:
        peaks: Part to bytes.
    """

    def __init__(self, pid: int) -> None:
        self.peaks: dict[str, int] = {}
        self._process = psutil.Process(pid)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        parts: dict[int, str | None] = {self._process.pid: "engine"}
        while not self._end.wait(_SECONDS_BETWEEN):
            try:
                family = [self._process, *self._process.children(recursive=True)]
            except psutil.Error:
                return
            for one in family:
                if parts.get(one.pid) is None:
                    parts[one.pid] = _part(one)
                part = parts[one.pid]
                if part is not None:
                    self.peaks[part] = max(self.peaks.get(part, 0), _peak(one))


def _part(process: psutil.Process) -> str | None:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return None
    if "pulumi.dynamic" in line:
        return "provider"
    return "program" if "pulumi-language-python-exec" in line else None


def _peak(process: psutil.Process) -> int:
    try:
        found = _HIGHEST.search(Path(f"/proc/{process.pid}/status").read_text("utf-8"))
        return int(found[1]) * 1024 if found else 0
    except OSError:
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
