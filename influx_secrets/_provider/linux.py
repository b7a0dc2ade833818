"""What a provider process asks of Linux and its C library; elsewhere nothing is done."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import Final

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_GLIBC_BYTES: Final = 128 << 10
"""Where both limits of glibc begin."""


def share_one_processor() -> None:
    """Keep the threads of this process on the processor that it is on: only one of them at a time can run Python.

    Wherever the others wait, each hand-over to one on another processor wakes that up. With 64 calls at a time this
    takes a third of the time of a delete (Python 3.11, two processors).
    """
    number = _call("sched_getcpu")
    if sys.platform == "linux" and number is not None and number >= 0:
        for thread in threading.enumerate():
            with contextlib.suppress(OSError):  # it has ended, or nobody may choose
                os.sched_setaffinity(thread.native_id or 0, {number})


def limit_memory() -> None:
    """Hold glibc to the limits that it begins with, so that each thread returns what it frees to the system.

    By itself it raises them with the largest block that was freed, for each thread, and keeps as much: a third of the
    memory of 100,000 keys (glibc 2.36).
    """
    for option in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
        _call("mallopt", option, _GLIBC_BYTES)


def return_memory() -> None:
    """Return what is free between blocks in use to the system.

    By itself glibc keeps it for the thread that used it, and a few others. The next call often runs in a thread that
    cannot use it. After the `check` of 100,000 keys, 16 MB lay there (glibc 2.36).
    """
    _call("malloc_trim", 0)


def _call(function: str, *arguments: int) -> int | None:
    """Call a function of the C library; None where there is none: another library, or a Python without ctypes."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, ImportError, OSError):
            import ctypes  # noqa: PLC0415 (see above)

            return int(getattr(ctypes.CDLL(None), function)(*arguments))
    return None
