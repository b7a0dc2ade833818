"""The command `python -m influx_secrets.emulator`."""

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

from influx_secrets.emulator.api.responses import VERSION
from influx_secrets.emulator.emulator import Emulator
from influx_secrets.emulator.faults import Fault, parse_fault
from influx_secrets.emulator.store import write_private

_DESCRIPTION = """\
An InfluxDB for trials: orgs, tokens and secrets of InfluxDB OSS v2, on a real socket, without InfluxDB.
It is not a place for secrets that matter."""

_OPERATOR_HELP = (
    "operator token; better set INFLUX_TOKEN, as other users of the machine can see the arguments of a program "
    "(default: the one in FILE, else a random one)"
)
_FAULT_HELP = (
    "let requests go wrong; repeatable. WORDS is one of status=503 page=502 reset delay=2.5 cut drip=0.05, and then "
    "any of method=PATCH path=*/secrets nth=2 times=3 (or always) retry-after=1 acted, as in 'status=503 method=PATCH'"
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
    parser.add_argument("--fault", action="append", type=_fault, default=[], metavar="WORDS", help=_FAULT_HELP)
    parser.add_argument(
        "--influxd-version", default=VERSION, metavar="VERSION", help=f"the influxd to be (default: {VERSION})"
    )
    return parser.parse_args(arguments)


def _fault(words: str) -> Fault:
    try:
        return parse_fault(words)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def main(arguments: list[str] | None = None, output: TextIO | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    try:
        _serve(_arguments(arguments), output or sys.stdout)
    except (ImportError, OSError, OverflowError, ValueError) as problem:
        sys.stderr.write(f"error: {problem}\n")
        return 1
    return 0


def _serve(given: argparse.Namespace, output: TextIO) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    known = given.token or os.environ.get("INFLUX_TOKEN")
    options = {"file": given.file, "host": given.host, "port": given.port, "faults": given.fault}
    with Emulator(given.org or ("acme",), token=known, version=given.influxd_version, **options) as emulator:
        try:
            if not _is_loopback(given.host):
                sys.stderr.write(f"warning: {given.host} is open to other machines, without encryption\n")
            shown = emulator.token
            if known or given.file:
                shown = "...  # the one that you gave" if known else f"...  # the one in {given.file}"
            output.write(_usage(emulator, shown))
            output.flush()
            if given.ready_file:
                ready = {"url": emulator.url, "token": emulator.token, "orgs": emulator.orgs, "pid": os.getpid()}
                write_private(given.ready_file, json.dumps(ready))
            stop.wait()
        finally:
            if given.ready_file:
                given.ready_file.unlink(missing_ok=True)


def _usage(emulator: Emulator, token: str) -> str:
    orgs = ", ".join(f"{name} ({org_id})" for name, org_id in emulator.orgs.items())
    return f"""\
An emulated InfluxDB listens on {emulator.url} with orgs {orgs}.
Use it from another shell:
  export INFLUX_HOST={emulator.url}
  export INFLUX_TOKEN={token}
Stop it with Ctrl-C.
"""


def _is_loopback(host: str) -> bool:
    try:
        return all(ipaddress.ip_address(str(entry[4][0])).is_loopback for entry in socket.getaddrinfo(host, None))
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
