"""What is asked of Linux and its C library."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from influx_secrets._provider.linux import _call

RESIDENT = """
from pathlib import Path

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])
"""


LARGE = """
from influx_secrets._provider.linux import limit_memory

limit_memory()
b"-" * (30 << 20)  # glibc keeps what is smaller from now on, unless it is limited
before = resident()
block = b"-" * (20 << 20)
taken = resident() - before
del block
print((resident() - before) / taken)
"""


BELOW = """
from concurrent.futures import ThreadPoolExecutor
from influx_secrets._provider.linux import limit_memory, return_memory

def take():
    blocks = [bytearray(20_000) for _ in range(4_000)]
    taken.append(resident())
    return blocks[-1]  # above all others

limit_memory()
before, taken = resident(), []
with ThreadPoolExecutor(1) as pool:
    kept = pool.submit(take).result()
    return_memory()
    print((resident() - before) / (taken[0] - before))
"""


def kept(program: str) -> float:
    """Return the part of the memory that a program took and still has at its end."""
    done = subprocess.run(
        [sys.executable, "-c", RESIDENT + program], capture_output=True, text=True, timeout=60, check=True
    )
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries keep less, or cannot be asked")
@pytest.mark.parametrize("program", [pytest.param(LARGE, id="large"), pytest.param(BELOW, id="below-a-block-in-use")])
def test_memory_that_is_free_is_returned(program: str) -> None:
    """Of a large block at once; between blocks in use, those of another thread too, when it is asked for."""
    assert kept(program) < 0.1


def test_function_that_the_library_lacks_is_left_out() -> None:
    """The one of Alpine Linux has no `mallopt`."""
    assert _call("no_such_function", 1) is None
