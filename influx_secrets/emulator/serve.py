"""Serves an emulator until a signal ends it: what a command does, whatever reads its arguments."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, TextIO

from influx_secrets.emulator import atomic_file
from influx_secrets.emulator.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from influx_secrets.emulator.faults import Fault


def serve(
    orgs: Iterable[str] = ("acme",),
    *,
    token: str | None = None,
    file: Path | None = None,
    ready_file: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 8086,
    faults: Iterable[Fault] = (),
    output: TextIO | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, and say on `output` how to use the server. For the main thread of a program.

    Args:
        orgs: as of `Emulator`, and so are token, file, host, port and faults.
        token: operator token. None: that of INFLUX_TOKEN, else the one in the file, else a random one.
        file: where the state is kept.
        ready_file: written when the server listens, removed when it stops: JSON with url, token, orgs, pid.
        host: address to listen on; others than this machine's own are warned of on stderr.
        port: port to listen on; 0 is a free one.
        faults: requests that are to go wrong.
        output: where to say it. None: stdout.

    Raises:
        ModuleNotFoundError: aiohttp is not installed.
        OSError: the address cannot be listened on, or a file not be written.
        OverflowError: the port is no port.
        ValueError: the file holds something else.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    known = token or os.environ.get("INFLUX_TOKEN")
    with Emulator(orgs, token=known, file=file, host=host, port=port, faults=faults) as emulator:
        try:
            if not _is_loopback(host):
                sys.stderr.write(f"warning: {host} is open to other machines, without encryption\n")
            shown = emulator.token
            if known or file:
                shown = "...  # the one that you gave" if known else f"...  # the one in {file}"
            _say(emulator, shown, output or sys.stdout)
            if ready_file:
                ready = {"url": emulator.url, "token": emulator.token, "orgs": emulator.orgs, "pid": os.getpid()}
                atomic_file.write(ready_file, json.dumps(ready))
            stop.wait()
        finally:
            if ready_file:
                ready_file.unlink(missing_ok=True)


def _say(emulator: Emulator, token: str, output: TextIO) -> None:
    orgs = ", ".join(f"{name} ({org_id})" for name, org_id in emulator.orgs.items())
    lines = [
        f"An emulated InfluxDB listens on {emulator.url} with orgs {orgs}.",
        "Use it from another shell:",
        f"  export INFLUX_HOST={emulator.url}",
        f"  export INFLUX_TOKEN={token}",
        "Stop it with Ctrl-C.",
    ]
    output.write("\n".join(lines) + "\n")
    output.flush()


def _is_loopback(host: str) -> bool:
    try:
        return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in socket.getaddrinfo(host, None))
    except OSError:
        return False
