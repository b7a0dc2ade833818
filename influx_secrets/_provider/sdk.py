"""Every use of what the SDK does not document, in the provider process.

Those of a program are in `_program/sdk.py`. Where one is gone, `tests/unit/provider` or `tests/lifecycle` fail.
"""

from __future__ import annotations

import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Final

PROVIDER_KEY: Final = "__provider"
"""The property that holds the pickled provider."""

SDK_THREADS: Final = 4
"""How many calls the SDK's provider process serves at a time (3.216.0 to 3.272.0), whatever `--parallel` says."""

THREADS: Final = 64
"""How many it serves once `widen` was called; the engine does not say how many it sends at a time."""


def is_provider_process() -> bool:
    """Whether this process serves dynamic resources, and does nothing else."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec is not None and spec.name == "pulumi.dynamic.__main__"


def engine_address() -> str:
    """Return the address of the engine: it stands last on the command line of a provider process."""
    return sys.argv[-1]


def widen() -> int:
    """Let the pool that runs this thread grow to `THREADS`; return its size.

    The SDK gives no way to its pool, but each of its threads has a reference to it (Python 3.10 to 3.14). Where that is
    not so, the pool stays as it is.
    """
    reference = next(iter(getattr(threading.current_thread(), "_args", ())), None)
    pool = reference() if isinstance(reference, weakref.ref) else None
    size, threads = getattr(pool, "_max_workers", None), getattr(pool, "_threads", None)
    if not isinstance(pool, ThreadPoolExecutor) or not isinstance(size, int) or not isinstance(threads, set):
        return SDK_THREADS
    pool._max_workers = max(size, THREADS)  # noqa: SLF001 (there is no public way)
    begin = threading.Event()
    try:
        while len(threads) < pool._max_workers:  # noqa: SLF001 (as above)
            # Calls that came before have no thread of their own yet. All threads are started, because later none would
            # be where it is needed: each call that waited counts as an idle thread once it is done (Python 3.10, 3.11).
            pool.submit(begin.wait)
    except RuntimeError:  # the machine starts no more
        pool._max_workers = len(threads)  # noqa: SLF001 (as above)
    finally:
        begin.set()
    return pool._max_workers  # noqa: SLF001 (as above)
