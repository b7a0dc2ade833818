"""Makes transports, and with the first one imports the HTTP libraries: most runs of a program send nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from influx_secrets._client.settings import Settings
    from influx_secrets._client.transport import Transport


def connect(settings: Settings, tell: Callable[[str], None] | None = None) -> Transport:
    """Return a transport; no request is sent.

    Args:
        settings: Where the server is and how patient to be.
        tell: Shows the user a line, while a request waits for the next attempt; None shows nothing.
    """
    # The libraries take a quarter of the time that `import pulumi` takes, in the program and in each provider process.
    from influx_secrets._client.circuit_breaker import Waiting  # noqa: PLC0415 (it knows the libraries too)
    from influx_secrets._client.transport import Transport  # noqa: PLC0415 (see above)

    return Transport(settings, waiting=None if tell is None else Waiting(tell))
