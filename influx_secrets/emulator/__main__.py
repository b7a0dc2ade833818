"""The command `python -m influx_secrets.emulator`: an InfluxDB for trials, from a shell or a script."""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TextIO

from . import Emulator, _private

_DESCRIPTION = """\
An InfluxDB for trials: orgs, tokens and secrets of InfluxDB OSS 2.9, on a real socket, without InfluxDB.
It is not a place for secrets that matter."""

_OPERATOR_HELP = (
    "operator token; better set INFLUX_TOKEN, as other users of the machine can see the arguments of a program "
    "(default: the one in FILE, else a random one)"
)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m influx_secrets.emulator",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8086, help="port to listen on; 0 is a free one (default: 8086)")
    parser.add_argument("--org", action="append", metavar="NAME", help="org to create; repeatable (default: acme)")
    parser.add_argument("--token", help=_OPERATOR_HELP)
    parser.add_argument(
        "--file", type=Path, help="keep the state here, values in clear text, readable by you alone (default: nowhere)"
    )
    parser.add_argument(
        "--ready-file",
        type=Path,
        help="written when it listens, removed when it stops: JSON with url, token, orgs, pid; for you alone",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None, output: TextIO | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    given = _arguments(arguments)
    output = output or sys.stdout
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        emulator = _started(given)
    except (ImportError, OSError, OverflowError, ValueError) as problem:
        sys.stderr.write(f"error: {problem}\n")
        return 1
    try:
        _say(emulator, given, output)
        stop.wait()
    finally:
        emulator.stop()
        if given.ready_file:
            given.ready_file.unlink(missing_ok=True)
    return 0


def _started(given: argparse.Namespace) -> Emulator:
    emulator = Emulator(
        given.org or ("acme",),
        token=given.token or os.environ.get("INFLUX_TOKEN"),
        file=given.file,
        host=given.host,
        port=given.port,
    )
    emulator.start()
    return emulator


def _say(emulator: Emulator, given: argparse.Namespace, output: TextIO) -> None:
    if not _is_loopback(given.host):
        sys.stderr.write(f"warning: {given.host} is open to other machines, without encryption\n")
    orgs = ", ".join(f"{name} ({org_id})" for name, org_id in emulator.orgs.items())
    known = given.token or os.environ.get("INFLUX_TOKEN")
    token = "...  # the one that you gave" if known else emulator.token
    if given.file and not known:
        token = f"...  # the one in {given.file}"
    lines = [
        f"An emulated InfluxDB listens on {emulator.url} with orgs {orgs}.",
        "Use it from another shell:",
        f"  export INFLUX_HOST={emulator.url}",
        f"  export INFLUX_TOKEN={token}",
        "Stop it with Ctrl-C.",
    ]
    output.write("\n".join(lines) + "\n")
    output.flush()
    if given.ready_file:
        _write_ready(given.ready_file, emulator)


def _write_ready(path: Path, emulator: Emulator) -> None:
    ready = {"url": emulator.url, "token": emulator.token, "orgs": emulator.orgs, "pid": os.getpid()}
    _private.write(path, json.dumps(ready))


def _is_loopback(host: str) -> bool:
    try:
        return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in socket.getaddrinfo(host, None))
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
