"""The command `python -m toolchain`: provides programs, and prints their paths."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain import ToolchainError, ensure, environment
from toolchain._programs import PROGRAMS
from toolchain._progress import Reporter

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    reporter = Reporter()
    # SIGTERM is handled as Ctrl-C is: builds are stopped, and nothing half done stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.names == ["env"]:
            _print_environment(Path(options.folder))
        else:
            _ensure_all(options, reporter)
    except ToolchainError as error:
        reporter.say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        reporter.say("stopped; nothing half done was kept, and the next run starts afresh")
        return _INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    known = ", ".join(PROGRAMS)
    parser = argparse.ArgumentParser(prog="python -m toolchain", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"programs to find or build ({known}), or: env")
    for option, text in {
        "--optional": "programs that may be missing in the end",
        "--unbuilt": "such programs, not built unless INFLUX_SECRETS_BUILD_TOOLS=1; a missing one is not reported",
    }.items():
        parser.add_argument(option, nargs="+", default=[], metavar="NAME", help=text)
    parser.add_argument(
        "--folder",
        default=".demo",
        help="for env: where state and passphrase are kept (default: %(default)s)",
    )
    return parser


def _ensure_all(options: argparse.Namespace, reporter: Reporter) -> None:
    is_required = bool(os.environ.get("INFLUX_SECRETS_REQUIRE_REAL"))
    for name in options.names:
        print(ensure(name, reporter=reporter))
    for name in (*options.optional, *options.unbuilt):
        try:
            print(ensure(name, may_build=is_required or name in options.optional, reporter=reporter))
        except ToolchainError as error:
            if is_required:
                raise
            if name in options.optional:
                reporter.say(f"going on without {name}: {error}")


def _print_environment(folder: Path) -> None:
    for name, value in sorted(environment(folder).items()):
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
