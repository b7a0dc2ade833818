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
    if not isinstance(pool, ThreadPoolExecutor) or not isinstance(getattr(pool, "_max_workers", None), int):
        return SDK_THREADS
    pool._max_workers = max(pool._max_workers, THREADS)  # noqa: SLF001 (there is no public way)
    for _ in range(THREADS):
        # Calls that came before have no thread of their own yet, and no later call would start one for them. All are
        # started: one that took such a call counts as idle from then on, so none would be added (Python 3.10, 3.11).
        pool.submit(int)
    return pool._max_workers  # noqa: SLF001 (as above)
