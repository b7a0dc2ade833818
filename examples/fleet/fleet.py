"""One program, many servers: applies it to each server of a fleet file, some at a time, in a stack for each.

    python fleet.py up fleet.yaml

A server that fails stops no other; the summary names it, the exit code is 1, and the same command run again finishes.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from inventory import Fleet, FleetError, Server, read_fleet
from progress import FleetProgress
from runs import ACTIONS, Outcome, Place, run

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str]) -> int:
    """Run the command; return the exit code."""
    sys.unraisablehook = but_leftovers(sys.unraisablehook)
    options = parser().parse_args(arguments)
    progress = FleetProgress()
    try:
        fleet = read_fleet(options.file)
        place = Place.beside(options.file, os.environ)
        servers = chosen(fleet, options.only)
    except FleetError as error:
        progress.report_error(str(error))
        return UNUSABLE
    try:
        outcomes = in_parallel(lambda server: run(options.action, server, fleet, place), servers, options, progress)
    except KeyboardInterrupt:
        progress.report_error("stopped; run the same again to finish")
        return INTERRUPTED
    progress.summarize(outcomes)
    return FAILED if any(outcome.problem for outcome in outcomes) else 0


def parser() -> argparse.ArgumentParser:
    """Return what understands the arguments."""
    made = argparse.ArgumentParser(prog="fleet.py", description=__doc__.partition("\n")[0])
    made.add_argument("action", choices=ACTIONS, help="drift looks for changes made by others, and changes nothing")
    made.add_argument("file", type=Path, help="the fleet file")
    made.add_argument("--only", default="*", metavar="PATTERN", help="servers whose name matches, such as 'eu-*'")
    made.add_argument(
        "--parallel",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many servers at a time (default: one for each core, %(default)s here)",
    )
    return made


def chosen(fleet: Fleet, pattern: str) -> list[Server]:
    """Return the servers whose name matches."""
    found = [server for server in fleet.servers if fnmatch.fnmatchcase(server.name, pattern)]
    if not found:
        raise FleetError(f"no server has a name like {pattern!r}")
    return found


def in_parallel(
    job: Callable[[Server], Outcome], servers: Sequence[Server], options: argparse.Namespace, progress: FleetProgress
) -> list[Outcome]:
    """Run the job for each server, no more than so many at a time; after Ctrl-C begin no new one."""
    outcomes: list[Outcome] = []
    with progress.bar(options.action, len(servers)) as done, ThreadPoolExecutor(max(1, options.parallel)) as pool:
        futures = [pool.submit(job, server) for server in servers]
        try:
            for future in as_completed(futures):
                outcomes.append(future.result())
                done(outcomes[-1])
        except KeyboardInterrupt:
            # The engines under way got the signal as well: they finish their step and give their locks back.
            pool.shutdown(cancel_futures=True)
            raise
    return outcomes


def but_leftovers(
    hook: Callable[[sys.UnraisableHookArgs], object],
) -> Callable[[sys.UnraisableHookArgs], object]:
    """Return a hook that says nothing of the coroutine that Pulumi 3.272.0 leaves when the engine refuses a program."""

    def but(unraisable: sys.UnraisableHookArgs) -> None:
        if getattr(unraisable.object, "__name__", "") not in {"run_in_stack", "run_pulumi_func"}:
            hook(unraisable)

    return but


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
