"""The SDK's provider process, forked from one that has imported what it needs: a tenth of the time of a new Python.

The tests of the real engine start it as the engine does.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import runpy
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.context import ForkServerProcess

_IMPORTED = (
    "influx_secrets",
    "influx_secrets._provider.process",
    "pulumi.dynamic.dynamic",
    "grpc",
    "requests",
    __name__,
)
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([*_IMPORTED])


class Forked(NamedTuple):
    """A process, and our ends of its three standard streams."""

    process: ForkServerProcess
    stdin: Connection
    stdout: Connection
    stderr: Connection


def fork(environ: Mapping[str, str]) -> Forked:
    """Start `python -u -m pulumi.dynamic 127.0.0.1:0` with this environment."""
    stdin, ours = _FORKS.Pipe(duplex=False)
    stdout, theirs = _FORKS.Pipe(duplex=False)
    stderr, error = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_serve, args=(dict(environ), stdin, theirs, error), daemon=True)
    process.start()
    for given in (stdin, theirs, error):
        given.close()
    return Forked(process, ours, stdout, stderr)


def _serve(environ: dict[str, str], *streams: Connection) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdout, sys.stderr = (io.TextIOWrapper(os.fdopen(number, "wb", 0), write_through=True) for number in (1, 2))
    os.environ.clear()
    os.environ.update(environ)
    sys.argv[1:] = ["127.0.0.1:0"]
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
