"""What lives as long as the provider process."""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import os
import sys
from collections.abc import Mapping
from typing import Final, Literal

from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Raw
from influx_secrets._model.state_codecs import CODECS, TYPE_PREFIX
from influx_secrets._notices import say_on_stderr
from influx_secrets._provider import sdk
from influx_secrets._provider.handlers import Handlers, without_traceback
from influx_secrets._provider.session import ServerSession
from influx_secrets._provider.watchdog import exit_with_engine
from influx_secrets._run_register import Register

_TURN_SECONDS: Final = 0.05
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_GLIBC_BYTES: Final = 128 << 10


@functools.cache
def set_up_process() -> int:
    """Prepare a provider process, which is ours alone; return how many calls of the engine are served at a time.

    A program that imports the package, or tests it, is left as it is.
    """
    if not sdk.is_provider_process():
        return sdk.SDK_THREADS
    sys.tracebacklimit = 0  # the one way to shorten what the SDK shows of an error
    exit_with_engine()
    # The engine waits for the end of the process, in which Python looks for garbage several times: 0.1 s (Python 3.11).
    atexit.register(gc.freeze)
    # A call takes a millisecond or two: 64 that interrupt each other take a twentieth longer (Python 3.11).
    sys.setswitchinterval(_TURN_SECONDS)
    _return_memory()
    return sdk.widen()


def _return_memory() -> None:
    """Hold glibc to the limits that it begins with, so that each thread returns what it frees to the system.

    By itself it raises them with the largest block that was freed, for each thread, and keeps as much: a third of the
    memory of 100,000 keys (glibc 2.36). Other C libraries have no such call, and a Python may lack ctypes.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, ImportError, OSError):
            import ctypes  # noqa: PLC0415 (as above)

            for option in (_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD):
                ctypes.CDLL(None).mallopt(option, _GLIBC_BYTES)


@without_traceback
def configure(kind: Literal["Secret", "OrgSecrets"], given: Mapping[str, Raw]) -> Handlers:
    """Return the handlers for one kind of resource, on the server of the settings; no request."""
    threads = set_up_process()
    return Handlers(CODECS[f"{TYPE_PREFIX}{kind}"], _session(Settings.resolve(given), threads))


@functools.cache
def _session(settings: Settings, threads: int) -> ServerSession:
    """Return the session of a server, which both kinds of resource share. The SDK configures one provider at a time."""
    return ServerSession(settings, say_on_stderr, threads, Register.join(sdk.engine_address(), str(os.getpid())))
