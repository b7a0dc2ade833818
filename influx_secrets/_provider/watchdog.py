"""Ends the provider process when its engine is gone.

An engine that is killed leaves its providers behind, each in a process group of its own, and with them the calls that
they are in (seen with Pulumi 3.259.0 and its Python SDK 3.272.0). Such a call tries a write again for minutes, and so
could put an old value over the one that the next `pulumi up` wrote.
"""

from __future__ import annotations

import os
import stat
import threading
from typing import Final

_STDIN: Final = 0
_SOME_BYTES: Final = 1024


def exit_with_engine() -> None:
    """From now on, end this process at once when the engine that started it is gone.

    The engine holds the other end of the process's standard input for as long as it lives, and writes nothing there.
    """
    # Somebody may run the program by hand, with a debugger: then no engine is at the other end.
    if stat.S_ISFIFO(os.fstat(_STDIN).st_mode):
        threading.Thread(target=_watch, name="influx-secrets-watchdog", daemon=True).start()


def _watch() -> None:
    while os.read(_STDIN, _SOME_BYTES):
        pass
    # Not `sys.exit`: that would wait for the calls that are under way.
    os._exit(1)
