"""Switches of Pulumi itself, each against the default, in turn, on influxd over loopback, with states in files.

    python -m benchmarks.switches --keys 1000 --rounds 3

Prints a table for docs/scale.md: of the default, medians in seconds and in CPU seconds of the whole command; of each
switch, medians of both against the default of the same round. CPU seconds also say something on a machine that is busy.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks._measure import verify
from benchmarks._plan import BY_NAME, FIRST_UP, LOOPBACK, NOTHING, ROTATE_ALL, Lap
from benchmarks._runners import Measured, hear_interrupts, runner
from benchmarks._world import World, world

SWITCHES = {
    "default": {},
    "PULUMI_SKIP_CHECKPOINTS": {"PULUMI_SKIP_CHECKPOINTS": "true"},
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": {"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true"},
    "PULUMI_PARALLEL_DIFF": {"PULUMI_PARALLEL_DIFF": "true"},
    "PULUMI_PARALLEL=64": {"PULUMI_PARALLEL": "64"},
}
WORKS = (FIRST_UP, NOTHING, ROTATE_ALL)
Round = dict[tuple[str, str], Measured]
"""Switch and work to what it took."""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--subjects", nargs="+", choices=("secret", "org_secrets"), default=["org_secrets", "secret"])
    options = parser.parse_args()
    hear_interrupts()
    with tempfile.TemporaryDirectory(prefix="switches-") as name, world(Path(name), [LOOPBACK]) as around:
        for subject in options.subjects:
            folders = [Path(name) / f"{subject}-{turn}" for turn in range(options.rounds)]
            rounds = [_round(around, folder, subject, options.keys) for folder in folders]
            sys.stdout.write(f"\n{BY_NAME[subject].title}, {options.keys:,} keys\n\n{_table(rounds)}")


def _round(around: World, folder: Path, subject: str, keys: int) -> Round:
    """Lead a stack with each switch through the works, each with an org of its own, and ask the server afterwards."""
    lap = Lap(LOOPBACK, keys, (subject,))
    common = {**around.environment(LOOPBACK), "BENCH_KEYS": str(keys)}
    orgs = {switch: f"{folder.name}-{number}" for number, switch in enumerate(SWITCHES)}
    ids = {switch: around.server(LOOPBACK).create_org(org) for switch, org in orgs.items()}
    stacks = {
        switch: runner(BY_NAME[subject], folder / orgs[switch], {**common, **variables, "BENCH_ORG_ID": ids[switch]})
        for switch, variables in SWITCHES.items()
    }
    found: Round = {}
    for work in WORKS:
        for switch, stack in stacks.items():
            found[switch, work] = stack.run(work)
            verify(around, orgs[switch], lap, work)
    return found


def _table(rounds: list[Round]) -> str:
    lines = [["", *WORKS], ["---"] * (len(WORKS) + 1)]
    lines += [[switch, *(_cell(rounds, switch, work) for work in WORKS)] for switch in SWITCHES]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(rounds: list[Round], switch: str, work: str) -> str:
    took = [_seconds(one[switch, work]) for one in rounds]
    if switch == "default":
        return f"{median(wall for wall, _ in took):.1f} s, {median(cpu for _, cpu in took):.1f} s"
    base = [_seconds(one["default", work]) for one in rounds]
    walls, cpus = ([ours[part] / theirs[part] for ours, theirs in zip(took, base, strict=True)] for part in (0, 1))
    return f"{median(walls):.2f}, {median(cpus):.2f}"


def _seconds(measured: Measured) -> tuple[float, float]:
    return measured.seconds, measured.processor or 0.0


if __name__ == "__main__":
    main()
