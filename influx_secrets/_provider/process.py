"""What lives as long as the provider process."""

from __future__ import annotations

import atexit
import functools
import gc
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from influx_secrets._client.head_start import HeadStart
from influx_secrets._client.settings import Settings
from influx_secrets._client.settings_sources import Raw
from influx_secrets._model.state_codecs import CODECS, TYPE_PREFIX
from influx_secrets._notices import say_on_stderr
from influx_secrets._provider import linux, sdk
from influx_secrets._provider.tracebacks import without_traceback
from influx_secrets._provider.watchdog import exit_with_engine
from influx_secrets._run_register import Register

if TYPE_CHECKING:
    from influx_secrets._provider.handlers import Handlers
    from influx_secrets._provider.session import ServerSession

_TURN_SECONDS: Final = 0.05


@functools.cache
def set_up_process() -> None:
    """Prepare a provider process, which is ours alone.

    A program that imports the package, or tests it, is left as it is.
    """
    if not sdk.is_provider_process():
        return
    sys.tracebacklimit = 0  # the one way to shorten what the SDK shows of an error
    exit_with_engine()
    # The engine waits for the end of the process, in which Python looks for garbage several times: 0.1 s (Python 3.11).
    atexit.register(gc.freeze)
    # A call takes a millisecond or two: 64 that interrupt each other take a twentieth longer (Python 3.11).
    sys.setswitchinterval(_TURN_SECONDS)
    linux.share_one_processor()
    linux.limit_memory()


@functools.cache
def serve_threads() -> int:
    """Return how many calls of the engine are served at a time: in a provider process, as many as it can have."""
    return sdk.widen() if sdk.is_provider_process() else sdk.SDK_THREADS


@without_traceback
def configure(kind: Literal["Secret", "OrgSecrets"], given: Mapping[str, Raw]) -> Handlers:
    """Return the handlers for one kind of resource, on the server of the settings; no request."""
    set_up_process()
    session = _session(Settings.resolve(given))
    from influx_secrets._provider.handlers import Handlers  # noqa: PLC0415 (as in `_session`)

    return Handlers(CODECS[f"{TYPE_PREFIX}{kind}"], session)


@functools.cache
def _session(settings: Settings) -> ServerSession:
    """Return the session of a server, which both kinds of resource share. The SDK configures one provider at a time."""
    register = Register.join(sdk.engine_address(), str(os.getpid()))
    is_destroy = register is not None and register.engine.is_destroy
    # Nearly every destroy sends something: the connection is made while Python imports the rest, and starts threads.
    head_start = HeadStart(settings) if is_destroy else None
    threads = serve_threads()
    from influx_secrets._provider.session import ServerSession  # noqa: PLC0415 (see above)

    return ServerSession(settings, say_on_stderr, threads, register, head_start)
