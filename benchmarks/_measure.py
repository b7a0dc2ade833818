"""Measures laps: subjects take turns, and each round starts with another one."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from servers import InfluxdServer

import toolchain
from benchmarks._plan import BY_NAME, DESTROY, EMPTIED, FIRST_UP, IN_ORDER, ROTATE_ALL, ROTATE_ONE, Lap, Subject
from benchmarks._runners import GENERATIONS, Measured, RunError, runner
from benchmarks._store import Case, Store, Value, facts
from benchmarks._world import World, world

_PACKAGES = ("influx_secrets", "pulumi", "requests", "influxdb-client")
_WRITING = (FIRST_UP, ROTATE_ONE, ROTATE_ALL)
_PROGRAMS = ("pulumi", "influxd")


def measure(laps: Iterable[Lap], store: Store, subjects: Mapping[str, Subject] = BY_NAME) -> None:
    """Measure what the store does not hold yet, round by round.

    Args:
        laps: What to measure.
        store: Where it goes.
        subjects: By the names that laps give them.

    Raises:
        RunError: A subject failed, or did not do what it was measured at.
    """
    left = [
        lap for lap in (replace(lap, rounds=lap.rounds - _done(lap, store, subjects)) for lap in laps) if lap.rounds > 0
    ]
    if not left:
        _say("everything that was asked for is measured; --again measures it anew")
        return
    known = facts(versions())
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        around = ends.enter_context(world(folder, {lap.condition for lap in left}))
        for number, lap in enumerate(left, 1):
            for turn in range(lap.rounds):
                _say(f"lap {number} of {len(left)}, round {turn + 1} of {lap.rounds}: {lap}")
                begun = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
                with tempfile.TemporaryDirectory(prefix="round-", dir=folder) as home:
                    found = _round(lap, around, Path(home), turn, subjects)
                store.add(
                    {
                        case: Value(begun, one.seconds, one.processor, one.peaks, known, one.server)
                        for case, one in found.items()
                    }
                )


def cases(lap: Lap, subjects: Mapping[str, Subject] = BY_NAME) -> list[Case]:
    """Return what a lap measures."""
    return [
        Case(lap.condition.name, lap.keys, work, name)
        for name in lap.subjects
        for work in lap.works
        if work in subjects[name].works
    ]


def versions() -> dict[str, str]:
    """Return the versions of what is measured, and of what it runs on."""
    found = {name: importlib.metadata.version(name) for name in _PACKAGES}
    for name in _PROGRAMS:
        told = subprocess.run([str(toolchain.ensure(name)), "version"], capture_output=True, text=True, check=True)
        words = (told.stdout or told.stderr).replace("InfluxDB", "").split()
        found[f"{name} (program)"] = words[0]
    return found


def _done(lap: Lap, store: Store, subjects: Mapping[str, Subject]) -> int:
    return min((len(store[case]) for case in cases(lap, subjects)), default=lap.rounds)


def _round(lap: Lap, around: World, home: Path, turn: int, subjects: Mapping[str, Subject]) -> dict[Case, Measured]:
    """Lead each subject from an empty org to an empty org; return what was asked for."""
    ids = {name: around.server(lap.condition).create_org(f"{home.name}-{name}") for name in lap.subjects}
    common = {**around.environment(lap.condition), "BENCH_KEYS": str(lap.keys)}
    runners = {
        name: runner(subjects[name], home / name, {**common, "BENCH_ORG_ID": org_id}, lap.condition.parallel)
        for name, org_id in ids.items()
    }
    found: dict[Case, Measured] = {}
    # What was not asked for is done where the rest stands on it: there is nothing to refresh before the first up.
    for work in (work for work in IN_ORDER if work in {*lap.works, FIRST_UP, DESTROY}):
        for name in _rotated(lap.subjects, turn):
            subject, org = subjects[name], f"{home.name}-{name}"
            if work not in subject.works:
                continue
            if work == EMPTIED:
                _empty_tenth(around.server(lap.condition), org)
            before = around.processor()
            measured = runners[name].run(work)
            measured = replace(measured, server=around.processor() - before)
            if not subject.idle:
                verify(around, org, lap, work)
            if work in lap.works:
                _say(f"  {work}: {subject.title}: {measured.seconds:.3f} s")
                found[Case(lap.condition.name, lap.keys, work, name)] = measured
    return found


def _empty_tenth(server: InfluxdServer, org: str) -> None:
    """Leave every tenth key without a value, which makes it unreadable."""
    server.call("PATCH", f"/api/v2/orgs/{server.org_id(org)}/secrets", dict.fromkeys(server.keys(org)[::10], ""))


def _rotated(names: Sequence[str], turn: int) -> list[str]:
    first = turn % len(names)
    return [*names[first:], *names[:first]]


def verify(around: World, org: str, lap: Lap, work: str) -> None:
    """Ask the server: a subject that writes nothing is fast."""
    server = around.server(lap.condition)
    there = server.keys(org)
    expected = 0 if work == DESTROY else lap.keys
    if len(there) != expected:
        raise RunError(f"after {work!r} the org {org} has {len(there)} keys, not {expected}")
    generation = GENERATIONS[work][1]
    if work in _WRITING and not server.value(org, there[0]).startswith(f"{generation}-"):
        raise RunError(f"after {work!r} the first key of the org {org} is not of the generation {generation!r}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
