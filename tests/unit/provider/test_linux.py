"""What is asked of Linux and its C library."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from influx_secrets._provider.linux import _call

FREES = """
from pathlib import Path
from influx_secrets._provider.linux import limit_memory, return_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

limit_memory()
before = resident()
blocks = [bytearray(20_000) for _ in range(4_000)]
taken = resident() - before
del blocks[:-1]  # the last one is above all others
return_memory()
print((resident() - before) / taken)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries keep less, or cannot be asked")
def test_memory_below_a_block_in_use_is_returned() -> None:
    """Glibc returns by itself what is above all blocks in use."""
    done = subprocess.run([sys.executable, "-c", FREES], capture_output=True, text=True, timeout=60, check=True)
    assert float(done.stdout) < 0.1


def test_function_that_the_library_lacks_is_left_out() -> None:
    """The one of Alpine Linux has no `mallopt`."""
    assert _call("no_such_function", 1) is None
